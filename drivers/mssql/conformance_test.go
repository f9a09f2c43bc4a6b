//go:build mssql || alldrivers

package mssql_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/mssql"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// TestConformance uses the scripted server, which speaks the protocol and knows no SQL.
func TestConformance(t *testing.T) {
	ca := testcert.NewCA("conformance")
	s := tdstest.Start(t, tdstest.Options{
		TLS: &tls.Config{Certificates: []tls.Certificate{ca.Server().TLS()}},
	})
	s.Handle("SET LANGUAGE N'Klingon'", tdstest.Fail(tdstest.Message{Number: 2740, Text: "SET LANGUAGE failed."}).Always())
	scripted := target(s.Config(), func(target *drivertest.Target) {
		target.Lacks[drivertest.Tables] = "the scripted server has no SQL; set PATCHBAY_TEST_MSSQL_URL"
		target.Kill = func(_ context.Context, session string) error {
			id, err := strconv.Atoi(session)
			if err == nil && !s.Kill(id) {
				err = fmt.Errorf("there is no session %d", id)
			}
			return err
		}
		target.Sessions = func(context.Context) (int, error) { return s.OpenConnections(), nil }
	})
	if _, given := testserver.Given(t, "mssql"); !given { // a server that is given has what this one lacks
		testserver.Report("mssql", "protocol only")
		testserver.ReportLacks("mssql", scripted.Lacks)
	}
	drivertest.Run(t, scripted)
}

func TestConformanceOfARealServer(t *testing.T) {
	cfg, given := testserver.Given(t, "mssql")
	if !given && strings.Contains(os.Getenv("PATCHBAY_TEST_REQUIRE"), "mssql") {
		testserver.Skip(t, "mssql", "PATCHBAY_TEST_MSSQL_URL is not set") // which fails
	}
	if !given {
		t.Skip("PATCHBAY_TEST_MSSQL_URL is not set")
	}
	admin, err := conn.Open(t.Context(), cfg, conn.ServerOnly())
	if err != nil {
		t.Fatal(err)
	}
	var version string
	if err := admin.QueryRow(mssql.Driver().(registry.Versioner).VersionQuery()).Scan(&version); err != nil {
		t.Fatal(err)
	}
	testserver.Report("mssql", "server given by PATCHBAY_TEST_MSSQL_URL SQL Server "+version)
	cfg.Database = fmt.Sprintf("conformance_%d", rand.Uint32())
	for _, statement := range []string{
		"CREATE DATABASE " + cfg.Database,
		"ALTER DATABASE " + cfg.Database + " SET ALLOW_SNAPSHOT_ISOLATION ON",
		"ALTER DATABASE " + cfg.Database + " SET READ_COMMITTED_SNAPSHOT ON", // so that readers do not wait for writers
	} {
		if _, err := admin.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_, err := admin.Exec("ALTER DATABASE " + cfg.Database + " SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE " + cfg.Database)
		if err := errors.Join(err, admin.Close()); err != nil {
			t.Error(err)
		}
	})
	drivertest.Run(t, target(cfg, func(target *drivertest.Target) {
		target.Lacks[drivertest.Bytes] = "go-mssqldb sends NULL as nvarchar, which SQL Server does not convert to varbinary"
		target.Kill = func(ctx context.Context, session string) error {
			id, err := strconv.Atoi(session)
			if err == nil {
				_, err = admin.ExecContext(ctx, "KILL "+strconv.Itoa(id))
			}
			return err
		}
		target.Sessions = func(ctx context.Context) (n int, err error) {
			err = admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE database_id = DB_ID(@p1)", cfg.Database).Scan(&n)
			return n, err
		}
	}))
}

// target is what all servers have in common.
func target(cfg registry.Config, change func(*drivertest.Target)) drivertest.Target {
	target := drivertest.Target{
		Driver:      mssql.Driver(),
		Config:      cfg,
		Placeholder: drivertest.At,
		Columns: drivertest.Columns{
			Bool: "BIT", Text: "NVARCHAR(MAX)", Bytes: "VARBINARY(MAX)", Time: "DATETIMEOFFSET(7)",
		},
		Slow: "WAITFOR DELAY '00:02:00'",
		Lacks: map[drivertest.Ability]string{
			drivertest.UTC:       "a datetimeoffset is read with the offset that it was written with, and all other types lose it",
			drivertest.TxContext: "go-mssqldb does not read the answer to such a rollback: https://github.com/microsoft/go-mssqldb/issues/390",
			drivertest.TxLevel:   "SQL Server keeps the level for the session, also when a pool resets it, and go-mssqldb does not set it back",
		},
		Isolation: func(ctx context.Context, tx *sql.Tx) (string, error) {
			var level int
			err := tx.QueryRowContext(ctx, "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID").Scan(&level)
			return strconv.Itoa(level), err
		},
		// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-exec-sessions-transact-sql
		Levels: map[sql.IsolationLevel]string{
			sql.LevelReadUncommitted: "1",
			sql.LevelReadCommitted:   "2",
			sql.LevelRepeatableRead:  "3",
			sql.LevelSerializable:    "4",
			sql.LevelSnapshot:        "5",
		},
		Session: "SELECT @@SPID",
		Failures: []drivertest.Failure{
			failure("a language that is none", cfg, registry.KindConfig, 1, func(c *registry.Config) { c.Params["language"] = "Klingon" }),
			failure("strict encryption without TLS", cfg, registry.KindConfig, 0, func(c *registry.Config) { c.TLS, c.Params["strict"] = nil, "true" }),
			failure("a client certificate", cfg, registry.KindConfig, 0, func(c *registry.Config) {
				pair := testcert.NewCA("client").Client(c.User)
				c.TLS = &registry.TLS{Cert: pair.Cert, Key: registry.NewSecret(pair.Key)}
			}),
		},
	}
	change(&target)
	return target
}

func failure(name string, cfg registry.Config, kind registry.Kind, attempts int, change func(*registry.Config)) drivertest.Failure {
	cfg = cfg.Clone()
	if cfg.Params == nil {
		cfg.Params = make(map[string]string)
	}
	change(&cfg)
	return drivertest.Failure{Name: name, Config: cfg, Kind: kind, Attempts: attempts}
}
