package testdriver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// Row is a connection string as platforms, frameworks and manuals write it, and what it becomes. Its password begins with
// hunter2, which no error may show.
type Row struct {
	From string // where it is written so
	Kind string // "url" or "dsn"
	Text string
	Want string // the config as a URL, or the error
	Err  bool   // Want is an error
}

// ReadRows reads a file of rows.
func ReadRows(t *testing.T, file string) (all []Row) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(text), "\n\n") // what the file is comes first
	for row := range strings.SplitSeq(strings.TrimSpace(rows), "\n\n") {
		lines := strings.Split(row, "\n")
		if len(lines) != 3 {
			t.Fatalf("not a row: %s", row)
		}
		r := Row{From: lines[0]}
		var mark string
		r.Kind, r.Text, _ = strings.Cut(lines[1], " ")
		mark, r.Want, _ = strings.Cut(lines[2], " ")
		r.Err = mark == "!!"
		if mark != "=>" && !r.Err || r.Kind != "url" && r.Kind != "dsn" {
			t.Fatalf("not a row: %s", row)
		}
		all = append(all, r)
	}
	return all
}

// Config is what r makes of the row.
func (row Row) Config(r *registry.Registry, dialect string) (registry.Config, error) {
	if row.Kind == "url" {
		return r.ParseURL(row.Text)
	}
	return r.ParseDSN(dialect, row.Text)
}

// takes asks the driver for a connector to each host.
func (d Driver) takes(cfg registry.Config) error {
	each, err := cfg.HostConfigs()
	for _, one := range each {
		if err == nil {
			_, err = d.Connector(one, registry.Env{})
		}
	}
	return err
}

// URLs reads a file of rows, of which there must be a least number, and holds the registry and the driver under test to it.
func (d Driver) URLs(t *testing.T, file string, least int) {
	var r registry.Registry
	r.Register(d.Driver)
	all := ReadRows(t, file)
	if len(all) < least {
		t.Errorf("there are %d connection strings, want at least %d", len(all), least)
	}
	for _, row := range all {
		cfg, err := row.Config(&r, d.Info().Dialect)
		if err == nil {
			err = d.takes(cfg)
		}
		See(t, err)
		switch {
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: a password is in %v", row.Text, err)
		case row.Err && (err == nil || err.Error() != row.Want), !row.Err && (err != nil || cfg.String() != row.Want):
			t.Errorf("%s\nis  %v, %v\nnot %s", row.Text, cfg, err, row.Want)
		case row.Err:
		default:
			if password := cfg.Password.Reveal(); strings.Contains(row.Want, "[redacted]") && !strings.Contains(strings.ReplaceAll(password, "'", ""), "hunter2") {
				t.Errorf("%s: the password is %q", row.Text, password)
			}
			// What opening makes of it again is the same.
			again := cfg
			if _, err := r.Resolve(&again); err != nil || !again.Equal(cfg) {
				t.Errorf("%s: the second time it is %v, %v", row.Text, again, err)
			}
		}
	}
}

// LogIns logs in to a server with each row of a file: its words are those of the row, and host, login and database are
// the server's. encrypted asks whether the connection is. Rows that contain a key of not cannot, for the reason there;
// their error has its words.
func (d Driver) LogIns(t *testing.T, file string, s *testserver.Server, encrypted string, not map[string]string) {
	var r registry.Registry
	r.Register(d.Driver)
	dir := t.TempDir()
	for name, text := range map[string]string{"ca": s.CA.PEM, "cert": s.Client.Cert, "key": s.Client.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kinds := make(map[string]int)
	for _, row := range ReadRows(t, file) {
		if row.Err {
			continue
		}
		cfg, err := row.Config(&r, d.Info().Dialect)
		if err != nil {
			t.Fatal(err)
		}
		to := s.Config()
		cfg.User, cfg.Password, cfg.Database, cfg.Hosts = to.User, to.Password, to.Database, nil
		if strings.HasPrefix(cfg.Host, "/") {
			cfg.Host, cfg.Port = s.Socket, to.Port
		} else {
			cfg.Host, cfg.Port = to.Host, to.Port
		}
		cfg.Hosts, cfg.Role = nil, registry.RoleAny // which are for package conn
		if t := cfg.TLS; t != nil {
			switch {
			case t.CAFile != "":
				t.CAFile = filepath.Join(dir, "ca")
			case !t.SkipVerify:
				t.CA = s.CA.PEM // which is none of this machine's
			}
			if t.CertFile != "" {
				t.CertFile, t.KeyFile = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
			}
		}
		want := ""
		for words, reason := range not {
			if strings.Contains(row.Text, words) {
				want = reason
			}
		}
		var got bool
		err = d.Pool(t, cfg, registry.Env{}).QueryRowContext(Context(t), encrypted).Scan(&got)
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", row.Text, err, want)
		case want != "":
		case err != nil || got != (cfg.TLS != nil):
			t.Errorf("%s: encrypted is %t, %v", row.Text, got, err)
		case cfg.TLS == nil:
			kinds["plaintext"]++
		case cfg.TLS.SkipVerify:
			kinds["not verified"]++
		case cfg.TLS.SkipHostname:
			kinds["verify-ca"]++
		default:
			kinds["verified"]++
		}
	}
	t.Logf("logins: %v", kinds)
	for _, kind := range []string{"plaintext", "not verified", "verify-ca", "verified"} {
		if kinds[kind] == 0 {
			t.Errorf("no login was %s", kind)
		}
	}
}
