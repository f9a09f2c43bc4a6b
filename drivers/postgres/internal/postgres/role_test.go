package postgres

import (
	"database/sql"
	"net"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// heard is what Env.Role was told.
type heard struct {
	mu   sync.Mutex
	said []registry.Role
	errs []error
}

func (h *heard) tell(_ net.Conn, r registry.Role, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said, h.errs = append(h.said, r), append(h.errs, cause)
}

func (h *heard) all() []registry.Role {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said
}

// pid returns which connection the pool uses.
func pid(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(limit(t), "select pg_backend_pid()").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRoleOfAServer: B8.
func TestRoleOfAServer(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	run(t, s, "create table t (n int)")
	cfg := s.Config()
	cfg.Role, cfg.Pool.Max = registry.RoleWriter, 1
	var h heard
	db := pool(t, cfg, registry.Env{Role: h.tell})
	db.SetMaxOpenConns(1)
	first := pid(t, db)
	if got := h.all(); len(got) != 1 || got[0] != registry.RoleWriter {
		t.Fatalf("the login tells %v", got)
	}

	// A READ ONLY transaction on a sound primary is no reason to leave it.
	tx, err := db.BeginTx(limit(t), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.ExecContext(limit(t), "insert into t values (1)")
	check(t, err, registry.KindReadOnly, "")
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if got := h.all(); pid(t, db) != first || len(got) != 2 || got[1] != registry.RoleAny || h.errs[1] == nil {
		t.Errorf("after a READ ONLY transaction the connection is another, or told is %v", got)
	}

	// A fence is, and the caller gets the server's own error once.
	run(t, s, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")
	for err = nil; err == nil; { // until the server has read its configuration
		_, err = db.ExecContext(limit(t), "insert into t values (2)")
	}
	check(t, err, registry.KindReadOnly, "")
	if got := h.all(); len(got) != 3 || got[2] != registry.RoleAny {
		t.Errorf("a fence is told as %v", got)
	}
	if second := pid(t, db); second == first {
		t.Error("the connection whose write was refused is used again")
	}
	if got := h.all(); len(got) != 4 || got[3] != registry.RoleReader {
		t.Errorf("the next login tells %v", got)
	}
}

// TestRoleThatChangesBetweenStatements is told with the answer to the next one, and acted on before the one after it.
func TestRoleThatChangesBetweenStatements(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	cfg := s.Config()
	cfg.Role = registry.RoleWriter
	var h heard
	db := pool(t, cfg, registry.Env{Role: h.tell})
	db.SetMaxOpenConns(1)
	first := pid(t, db)
	run(t, s, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")
	for pid(t, db) == first { // until the server has read its configuration
	}
	if got := h.all(); len(got) != 3 || got[1] != registry.RoleAny || got[2] != registry.RoleReader {
		t.Errorf("told is %v", got)
	}
}

// TestRefusedWritesOfReaders: what a reader refuses, or a server of a pool without a Role, is no news.
func TestRefusedWritesOfReaders(t *testing.T) {
	s := testserver.Postgres(t)
	run(t, s, "create table if not exists refused (n int)")
	for _, role := range []registry.Role{registry.RoleAny, registry.RoleReader, registry.RolePreferReader} {
		cfg := withSession(s.Config(), "default_transaction_read_only", "on")
		cfg.Role = role
		var h heard
		env := registry.Env{Role: h.tell}
		if role == registry.RoleAny {
			env.Role = nil
		}
		db := pool(t, cfg, env)
		db.SetMaxOpenConns(1)
		first := pid(t, db)
		_, err := db.ExecContext(limit(t), "insert into refused values (1)")
		check(t, err, registry.KindReadOnly, "")
		if pid(t, db) != first || len(h.all()) > 1 {
			t.Errorf("%v: the connection is another, or told is %v", role, h.all())
		}
	}
}
