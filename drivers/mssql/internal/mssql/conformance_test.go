package mssql_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/mssql/internal/mssql"
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
	s.Handle(mssql.Driver().Info().RoleQuery, tdstest.Rows([]tdstest.Column{{Type: tdstest.Int}}, []any{1}).Always())
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

// database is the variable by which TestConformanceOfARealServer tells the process that it starts where to work.
const database = "PATCHBAY_TEST_MSSQL_DATABASE"

// TestConformanceOfARealServer runs the suite in a process of its own, so that the database that it makes for it is
// dropped also after a panic, a timeout or an interrupt.
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
	t.Cleanup(func() {
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	if cfg.Database = os.Getenv(database); cfg.Database != "" {
		conform(t, cfg, admin)
		return
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	name := fmt.Sprintf("patchbay_conformance_%d", rand.Uint32())
	create(t, admin, name)
	suite := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestConformanceOfARealServer$", fmt.Sprintf("-test.v=%t", testing.Verbose()))
	if end, limited := t.Deadline(); limited {
		suite.Args = append(suite.Args, fmt.Sprintf("-test.timeout=%v", time.Until(end)*9/10))
	}
	suite.Env = append(os.Environ(), database+"="+name)
	out, err := suite.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the suite: %v", err)
	}
}

// create creates a database, which is dropped when the test ends.
func create(t *testing.T, admin *conn.Conn, name string) {
	t.Helper()
	created := false
	t.Cleanup(func() { // registered first: what is created by a statement whose answer is lost is dropped, too
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		// Ends sessions that are left. Where it is refused, they have to end by themselves.
		if _, err := admin.ExecContext(ctx, "ALTER DATABASE "+name+" SET SINGLE_USER WITH ROLLBACK IMMEDIATE"); err != nil {
			t.Log(err)
		}
		if err := drop(ctx, admin, name); err != nil && created {
			t.Errorf("the database %s is left: %v", name, err)
		}
	})
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	created = true
	for _, option := range []string{
		"ALLOW_SNAPSHOT_ISOLATION",
		"READ_COMMITTED_SNAPSHOT", // so that readers do not wait for writers, which the suite takes as well
	} {
		if _, err := admin.ExecContext(t.Context(), "ALTER DATABASE "+name+" SET "+option+" ON"); err != nil {
			t.Logf("%s stays as it is: %v", option, err) // for want of a permission, or on a server that does not have it
		}
	}
}

// drop tries again while the database is in use, as the server takes a moment to notice that a client has gone.
func drop(ctx context.Context, admin *conn.Conn, name string) error {
	const inUse = 3702
	for {
		_, err := admin.ExecContext(ctx, "DROP DATABASE "+name)
		if e, ok := errors.AsType[interface {
			error
			SQLErrorNumber() int32
		}](err); !ok || e.SQLErrorNumber() != inUse {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// conform runs the suite in a database that is there.
func conform(t *testing.T, cfg registry.Config, admin *conn.Conn) {
	var version string
	if err := admin.QueryRow(mssql.Driver().Info().VersionQuery).Scan(&version); err != nil {
		t.Fatal(err)
	}
	testserver.Report("mssql", "server given by PATCHBAY_TEST_MSSQL_URL SQL Server "+version)
	var snapshots int
	const query = "SELECT snapshot_isolation_state FROM sys.databases WHERE name = @p1"
	if err := admin.QueryRow(query, cfg.Database).Scan(&snapshots); err != nil {
		t.Fatal(err)
	}
	real := target(cfg, func(target *drivertest.Target) {
		target.Lacks[drivertest.Bytes] = "go-mssqldb sends NULL as nvarchar, which SQL Server does not convert to varbinary"
		if snapshots != 1 {
			target.Lacks[drivertest.Isolation] = "ALTER DATABASE was refused, and without it the database has no snapshots"
		}
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
	})
	testserver.ReportLacks("mssql", real.Lacks)
	drivertest.Run(t, real)
}

// TestTheDatabaseIsDropped has a server refuse every ALTER DATABASE, as one does for want of a permission, and say at
// first that the database is in use.
func TestTheDatabaseIsDropped(t *testing.T) {
	s := tdstest.Start(t, tdstest.Options{})
	refused := tdstest.Fail(tdstest.Message{Number: 5011, Class: 14, Text: "User does not have permission to alter database."})
	for _, option := range []string{"ALLOW_SNAPSHOT_ISOLATION ON", "READ_COMMITTED_SNAPSHOT ON", "SINGLE_USER WITH ROLLBACK IMMEDIATE"} {
		s.Handle("ALTER DATABASE db SET "+option, refused.Always())
	}
	s.Handle("CREATE DATABASE db", tdstest.Affected(-1).Always())
	drops := 0
	s.Handle("DROP DATABASE db", func(context.Context, tdstest.Query) tdstest.Response {
		if drops++; drops == 1 {
			return tdstest.Fail(tdstest.Message{Number: 3702, Text: "Cannot drop database \"db\" because it is currently in use."})
		}
		return tdstest.Affected(-1)
	})
	cfg := s.Config()
	cfg.Pool.Max = 1 // so that the requests are in one list
	admin, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	t.Run("given", func(t *testing.T) { create(t, admin, "db") })
	var got []string
	for _, request := range s.Connections()[0].Requests[1:] { // after the test of the connection
		got = append(got, request.SQL)
	}
	if want := []string{
		"CREATE DATABASE db", "ALTER DATABASE db SET ALLOW_SNAPSHOT_ISOLATION ON", "ALTER DATABASE db SET READ_COMMITTED_SNAPSHOT ON",
		"ALTER DATABASE db SET SINGLE_USER WITH ROLLBACK IMMEDIATE", "DROP DATABASE db", "DROP DATABASE db",
	}; !slices.Equal(got, want) {
		t.Errorf("the server got %q, want %q", got, want)
	}
}

// target is what all servers have in common.
func target(cfg registry.Config, change func(*drivertest.Target)) drivertest.Target {
	impatient := cfg.Clone()
	impatient.Params = maps.Clone(cfg.Params)
	if impatient.Params == nil {
		impatient.Params = make(map[string]string)
	}
	impatient.Params["lockTimeout"] = "50"
	target := drivertest.Target{
		Driver: mssql.Driver(),
		Config: cfg,
		Columns: drivertest.Columns{
			Bool: "BIT", Text: "NVARCHAR(MAX)", Bytes: "VARBINARY(MAX)", Time: "DATETIMEOFFSET(7)",
		},
		Slow: "WAITFOR DELAY '00:02:00'",
		Lacks: map[drivertest.Ability]string{
			drivertest.Rights:    "the account of the tests may not be one that makes others",
			drivertest.UTC:       "a datetimeoffset is read with the offset that it was written with, and all other types lose it",
			drivertest.TxContext: "go-mssqldb does not read the answer to such a rollback: https://github.com/microsoft/go-mssqldb/issues/390",
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
		Codes: map[registry.Kind]string{
			registry.KindUnique: "2601 2627", registry.KindForeignKey: "547", registry.KindNotNull: "515", registry.KindCheck: "547",
			registry.KindConflict: "1205", registry.KindBusy: "1222", registry.KindExists: "2714",
			registry.KindUndefined: "195 207 208 3701", registry.KindSyntax: "102 156", registry.KindValue: "220 245 2628 8115 8152",
		},
		Impatient: &impatient,
		Session:   "SELECT @@SPID",
		Failures: []drivertest.Failure{
			failure("a language that is none", cfg, registry.KindConfig, 1, func(c *registry.Config) { c.Session = map[string]string{"LANGUAGE": "Klingon"} }),
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
