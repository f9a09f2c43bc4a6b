package testdriver

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// ConnectionString is a row of a table of connection strings as platforms, frameworks and manuals write them. The
// tables are files, from which documentation is made.
type ConnectionString struct {
	From    string // where it is written so
	As      string // "url" or "dsn"
	Text    string // its password is StringsPassword
	Becomes string // the config as a URL; else
	Error   string // words of the error
}

// StringsPassword is the password in the tables, which no error may show.
const StringsPassword = "hunter2"

// Strings has every row of a table become what it says, and a connector be made of it.
func (d Driver) Strings(t *testing.T, file string, atLeast int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []ConnectionString
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) < atLeast {
		t.Errorf("%d rows, want at least %d", len(rows), atLeast)
	}
	var r registry.Registry
	r.Register(d.Driver)
	for _, row := range rows {
		cfg, err := d.read(&r, row)
		if err == nil {
			var each []registry.Config
			each, err = cfg.HostConfigs()
			for i := 0; err == nil && i < len(each); i++ {
				_, err = d.Connector(each[i], registry.Env{})
			}
		}
		switch {
		case row.Error != "":
			if err == nil || !strings.Contains(err.Error(), row.Error) {
				t.Errorf("%s: %s\n gives %v, %v\n want an error that says %s", row.From, row.Text, cfg, err, row.Error)
			} else if strings.Contains(err.Error(), StringsPassword) {
				t.Errorf("%s: the error shows the password: %v", row.From, err)
			}
		case err != nil || cfg.String() != row.Becomes:
			t.Errorf("%s: %s\n gives %v, %v\n want  %s", row.From, row.Text, cfg, err, row.Becomes)
		case strings.Contains(row.Text, StringsPassword) && !strings.HasPrefix(cfg.Password.Reveal(), StringsPassword):
			t.Errorf("%s: %s: the password is another", row.From, row.Text)
		}
	}
}

func (d Driver) read(r *registry.Registry, row ConnectionString) (registry.Config, error) {
	cfg := registry.Config{Dialect: d.Info().Dialect, DSN: registry.NewSecret(row.Text)}
	var err error
	if row.As == "url" {
		if cfg, err = r.ParseURL(row.Text); err != nil {
			return cfg, err
		}
	}
	cfg, _, err = r.Resolve(cfg)
	if err != nil {
		return registry.Config{}, err
	}
	return cfg, cfg.Validate()
}
