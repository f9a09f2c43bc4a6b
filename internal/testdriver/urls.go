package testdriver

import (
	"os"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// URLs reads a file of connection strings and what each becomes, of which there must be a least number, and holds the registry
// and the driver under test to it. The driver is registered.
func (d Driver) URLs(t *testing.T, file string, least int) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r registry.Registry
	r.Register(d.Driver)
	_, rows, _ := strings.Cut(string(text), "\n\n") // what the file is comes first
	all := strings.Split(strings.TrimSpace(rows), "\n\n")
	if len(all) < least {
		t.Errorf("there are %d connection strings, want at least %d", len(all), least)
	}
	for _, row := range all {
		lines := strings.Split(row, "\n")
		if len(lines) != 3 {
			t.Errorf("not a row: %s", row)
			continue
		}
		kind, given, _ := strings.Cut(lines[1], " ")
		how, want, _ := strings.Cut(lines[2], " ")
		cfg, err := read(&r, d.Info().Dialect, kind, given)
		See(t, err)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a password is in %v", given, err)
		}
		switch {
		case how == "!!":
			if err == nil || err.Error() != want {
				t.Errorf("%s\nis  %v, %v\nnot %s", given, cfg, err, want)
			}
			continue
		case how != "=>" || err != nil || cfg.String() != want:
			t.Errorf("%s\nis  %v, %v\nnot %s", given, cfg, err, want)
			continue
		}
		if password := cfg.Password.Reveal(); strings.ContainsAny(want, "[") && !strings.Contains(strings.ReplaceAll(password, "'", ""), "hunter2") {
			t.Errorf("%s: the password is %q", given, password)
		}
		// What opening makes of it again is the same.
		again, _, err := r.Resolve(cfg)
		if err != nil || !again.Equal(cfg) {
			t.Errorf("%s: the second time it is %v, %v", given, again, err)
		}
		if cfg.TLS == nil || cfg.TLS.CAFile == "" { // those files are not there
			each, err := cfg.HostConfigs()
			if err != nil {
				t.Errorf("%s: %v", given, err)
			}
			for _, one := range each {
				if _, err := d.Connector(one, registry.Env{}); err != nil {
					t.Errorf("%s: %v", given, err)
				}
			}
		}
	}
}

func read(r *registry.Registry, dialect, kind, text string) (registry.Config, error) {
	if kind == "url" {
		return r.ParseURL(text)
	}
	return r.ParseDSN(dialect, text)
}
