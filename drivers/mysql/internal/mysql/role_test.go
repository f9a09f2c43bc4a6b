package mysql

import (
	"database/sql"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// heard is what Env.Role was told.
type heard struct {
	mu   sync.Mutex
	errs []error
	also []registry.Role // other than RoleAny
}

func (h *heard) tell(_ net.Conn, r registry.Role, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.errs = append(h.errs, cause); r != registry.RoleAny {
		h.also = append(h.also, r)
	}
}

func (h *heard) times() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.errs)
}

// one returns a pool of one connection for the role.
func one(t *testing.T, cfg registry.Config, role registry.Role, h *heard) *sql.DB {
	t.Helper()
	cfg.Role = role
	db := pool(t, cfg, registry.Env{Role: h.tell})
	db.SetMaxOpenConns(1)
	return db
}

// id returns which connection the pool uses.
func id(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(limit(t), "SELECT CONNECTION_ID()").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// role is what the query for it says; "none" for NULL.
func role(t *testing.T, db *sql.DB) string {
	t.Helper()
	var is sql.NullString
	if err := db.QueryRowContext(limit(t), roleQuery).Scan(&is); err != nil {
		t.Fatal(err)
	}
	if !is.Valid {
		return "none"
	}
	return is.String
}

// TestRoleOfAServer: B8, for MySQL and MariaDB.
func TestRoleOfAServer(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	run(t, s, "CREATE TABLE t (n INT)", "CREATE USER app@'%' IDENTIFIED BY 'pw of app'", "GRANT ALL ON patchbay.* TO app@'%'")
	app := as(s, "app", "pw of app")
	for _, encrypted := range []bool{false, true} {
		run(t, s, "SET GLOBAL read_only = 0")
		var h heard
		cfg := app
		if encrypted {
			cfg.TLS = s.TLS()
			cfg.TLS.SkipHostname = true
		}
		db := one(t, cfg, registry.RoleWriter, &h)
		first := id(t, db)
		if got := role(t, db); got != "1" || h.times() > 0 {
			t.Errorf("a writer says %s, told %d times", got, h.times())
		}

		// A READ ONLY transaction on a sound server is no reason to leave it.
		tx, err := db.BeginTx(limit(t), &sql.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.ExecContext(limit(t), "INSERT INTO t VALUES (1)")
		check(t, err, registry.KindReadOnly, "")
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		if id(t, db) != first {
			t.Error("a READ ONLY transaction costs its connection")
		}
		before := h.times()

		run(t, s, "SET GLOBAL read_only = 1")
		_, err = db.ExecContext(limit(t), "INSERT INTO t VALUES (2)")
		check(t, err, registry.KindReadOnly, "primary server")
		switch second := id(t, db); {
		case !encrypted && (second == first || before != 1 || h.times() != 2):
			t.Errorf("after a refused write the connection is the same, %v, or it is told %d times before and %d after", second == first, before, h.times())
		case encrypted && (second != first || h.times() != 0): // the driver cannot hear it
			t.Errorf("under TLS the connection is another, or it is told %d times", h.times())
		}
		if got := role(t, db); got != "0" || len(h.also) > 0 {
			t.Errorf("a reader says %s; told is %v", got, h.also)
		}
	}

	// What a reader refuses is no news.
	var h heard
	db := one(t, app, registry.RoleReader, &h)
	first := id(t, db)
	_, err := db.ExecContext(limit(t), "INSERT INTO t VALUES (3)")
	check(t, err, registry.KindReadOnly, "primary server")
	if id(t, db) != first || h.times() > 0 {
		t.Errorf("a refused write of a reader costs the connection, or is told %d times", h.times())
	}
}

// TestRoleOfAClusterNode answers SELECT 1 when it has lost the others, and is neither reader nor writer.
func TestRoleOfAClusterNode(t *testing.T) {
	nodes := testserver.StartGalera(t, 2)
	run(t, nodes[0], "CREATE TABLE t (n INT PRIMARY KEY)")
	var h heard
	db := one(t, nodes[0].Config(), registry.RoleWriter, &h)
	if got := role(t, db); got != "1" {
		t.Errorf("a node says %s", got)
	}
	nodes[1].Kill(t)
	first := id(t, db)
	var err error
	for n := 0; err == nil; n++ {
		_, err = db.ExecContext(limit(t), "INSERT INTO t VALUES (?)", n)
	}
	for new(dialect).Diagnose(err).Kind != registry.KindStarting {
		_, err = db.ExecContext(limit(t), "INSERT INTO t VALUES (-1)")
	}
	if h.times() == 0 || id(t, db) == first {
		t.Errorf("told %d times: %v", h.times(), err)
	}
	for ctx := limit(t); role(t, db) != "none"; time.Sleep(time.Millisecond) { // which comes a moment later
		if ctx.Err() != nil {
			t.Fatal("a node without quorum says " + role(t, db))
		}
	}
}
