// Package testuser makes users on the servers of package testserver, for tests that open databases as a program
// does: as somebody who may not do everything, and whose password changes and whose connections are counted and
// killed. A test that calls it links the driver. It drops what it has made when the test ends.
package testuser

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// User is a user of a server, with a place of its own for tables.
type User struct {
	tb     testing.TB
	server *testserver.Server
	admin  *sql.DB
	syntax Syntax
	cfg    registry.Config
}

// New makes a user with a password that is nowhere else.
func New(tb testing.TB, s *testserver.Server) *User {
	tb.Helper()
	u := &User{tb: tb, server: s, admin: Admin(tb, s), syntax: SyntaxOf(s), cfg: s.Config()}
	u.cfg.User, u.cfg.Password = "u"+strings.ToLower(rand.Text()[:10]), registry.NewSecret(rand.Text())
	if u.syntax.ownDatabase {
		u.cfg.Database = u.cfg.User
	}
	u.Run(u.statements(u.syntax.create, u.cfg.Password.Reveal())...)
	tb.Cleanup(func() {
		for _, statement := range u.statements(u.syntax.drop, "") {
			if err := u.exec(context.Background(), statement); err != nil {
				tb.Errorf("%s: %v", statement, err)
			}
		}
	})
	return u
}

// Config returns how to open the server's database as this user, with the password that it has now.
func (u *User) Config() registry.Config { return u.cfg.Clone() }

// SetPassword changes the password. Connections that are open stay.
func (u *User) SetPassword(password string) {
	u.tb.Helper()
	u.Run(u.statements(u.syntax.change, password)...)
	u.cfg.Password = registry.NewSecret(password)
}

// Sessions returns how many connections of this user the server has.
func (u *User) Sessions() int {
	u.tb.Helper()
	var n int
	query := u.statements(u.syntax.sessions, "")[0]
	if err := u.admin.QueryRowContext(u.tb.Context(), query).Scan(&n); err != nil {
		u.tb.Errorf("%s: %v", query, err)
	}
	return n
}

// Kill has the server end all connections that this user has now, and returns how many there were.
func (u *User) Kill() (n int) {
	u.tb.Helper()
	rows, err := u.admin.QueryContext(u.tb.Context(), u.statements(u.syntax.kill, "")[0])
	if err != nil {
		u.tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			u.tb.Fatal(err)
		}
		// One that has ended by itself in the meantime is an error in MySQL.
		_ = u.exec(u.tb.Context(), statement)
		n++
	}
	if err := rows.Err(); err != nil {
		u.tb.Fatal(err)
	}
	return n
}

// Run executes statements as the administrator. A statement that fails ends the test.
func (u *User) Run(statements ...string) {
	u.tb.Helper()
	for _, statement := range statements {
		if err := u.exec(u.tb.Context(), statement); err != nil {
			u.tb.Fatalf("%s: %v", statement, err)
		}
	}
}

func (u *User) exec(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := u.admin.ExecContext(ctx, statement)
	return err
}

func (u *User) statements(format, password string) []string {
	text := fmt.Sprintf(format, u.syntax.Name(u.cfg.User), u.syntax.Text(u.cfg.User), u.syntax.Text(password))
	var list []string
	for statement := range strings.SplitSeq(text, ";\n") {
		list = append(list, statement)
	}
	return list
}

// Admin opens the server as its administrator, without package conn, for the length of the test. Each statement
// has a connection of its own, so that none is left over when the server stops.
func Admin(tb testing.TB, s *testserver.Server) *sql.DB {
	tb.Helper()
	cfg := s.Config()
	d, err := registry.Lookup(cfg.Dialect)
	if err != nil {
		tb.Fatal(err)
	}
	connector, err := d.Connector(cfg, registry.Env{})
	if err != nil {
		tb.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(-1)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}
