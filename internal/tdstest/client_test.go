package tdstest_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// guard is how long anything here may take; nothing takes nearly as long.
const guard = 10 * time.Second

func ctx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	t.Cleanup(cancel)
	return ctx
}

// start starts a server that sees to it, at the end of the test, that every client has closed its connections.
func start(t testing.TB, o tdstest.Options) *tdstest.Server {
	t.Helper()
	s := tdstest.Start(t, o)
	t.Cleanup(func() { s.AwaitClosed(t) })
	return s
}

// config is what go-mssqldb needs for s, with no encryption.
func config(t testing.TB, s *tdstest.Server) msdsn.Config {
	t.Helper()
	c, err := msdsn.Parse("sqlserver://127.0.0.1?encrypt=disable")
	if err != nil {
		t.Fatal(err)
	}
	from := s.Config()
	c.Port, c.User, c.Password, c.Database = uint64(from.Port), from.User, from.Password.Reveal(), from.Database
	return c
}

// encrypted is config with that encryption, which believes every certificate.
func encrypted(t testing.TB, s *tdstest.Server, mode msdsn.Encryption) msdsn.Config {
	c := config(t, s)
	c.Encryption = mode
	c.TLSConfig = &tls.Config{InsecureSkipVerify: true}
	return c
}

// open opens a pool, which the test closes.
func open(t testing.TB, c msdsn.Config) *sql.DB {
	t.Helper()
	return pool(t, mssql.NewConnectorConfig(c))
}

func pool(t testing.TB, connector driver.Connector) *sql.DB {
	t.Helper()
	db := sql.OpenDB(connector)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// session opens one connection, so that what belongs to a session lasts.
func session(t testing.TB, c msdsn.Config) *sql.Conn {
	t.Helper()
	conn, err := open(t, c).Conn(ctx(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
