package conn_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
)

// TestRolesOfSQLite: a file has a writer and readers, which refuse to write; a database in memory has no reader.
func TestRolesOfSQLite(t *testing.T) {
	cfg := conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "x.db"), Role: conn.RoleWriter}
	writer, _ := opens(t, cfg)
	if _, err := writer.ExecContext(limit(t), "create table t (n int)"); err != nil {
		t.Fatal(err)
	}
	for _, role := range []conn.Role{conn.RoleReader, conn.RolePreferReader} {
		cfg.Role = role
		reader, _ := opens(t, cfg)
		if _, err := reader.ExecContext(limit(t), "insert into t values (1)"); conn.KindOf(err) != conn.KindReadOnly {
			t.Errorf("%v writes: %v", role, err)
		}
		works(t, reader)
		cfg.Session = map[string]string{"query_only": "off"}
		var wrong *conn.ConfigError
		if _, _, err := trial(limit(t), t, cfg); !errors.As(err, &wrong) || wrong.Field != "session.query_only" {
			t.Errorf("%v that may write: %v", role, err)
		}
		cfg.Session = nil
	}
	cfg.Filename = ":memory:"
	memory, _ := opens(t, cfg)
	if _, err := memory.ExecContext(limit(t), "create table t (n int)"); err != nil {
		t.Errorf("preferReader in memory: %v", err)
	}
	cfg.Role = conn.RoleReader
	if _, _, err := trial(limit(t), t, cfg); conn.KindOf(err) != conn.KindConfig {
		t.Errorf("a reader in memory: %v", err)
	}
}
