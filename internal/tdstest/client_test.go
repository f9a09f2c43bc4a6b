package tdstest_test

import (
	"context"
	"crypto/tls"
	"database/sql"
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

// open opens a pool, which the test closes and whose connections it sees to be gone.
func open(t testing.TB, s *tdstest.Server, c msdsn.Config) *sql.DB {
	t.Helper()
	db := sql.OpenDB(mssql.NewConnectorConfig(c))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		s.AwaitClosed(t)
	})
	return db
}

// session opens one connection, so that what belongs to a session lasts.
func session(t testing.TB, s *tdstest.Server, c msdsn.Config) *sql.Conn {
	t.Helper()
	conn, err := open(t, s, c).Conn(ctx(t))
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

func TestFirst(t *testing.T) {
	s := tdstest.Start(t, tdstest.Options{})
	db := open(t, s, config(t, s))
	must(t, db.PingContext(ctx(t)))
	var n int
	must(t, db.QueryRowContext(ctx(t), "select 1").Scan(&n))
	if n != 1 {
		t.Fatal(n)
	}
	t.Logf("%+v", s.Connections()[0])
	t.Logf("%+v", s.Connections()[0].Login)
}
