// The usage examples and test cases of the TypeScript module that this ports, each beside its Go test. What needed
// a PostgreSQL server there runs on SQLite here; Kysely's place is taken by database/sql.
//
//	Usage examples, Basic Connection            Example_basicConnection
//	Usage examples, With Config Object          Example_withConfigObject
//	Usage examples, Test Connection             Example_testConnection
//	Raw SQL execution, sql`CREATE TABLE`        Example_rawSQL
//	Raw SQL execution, raw(INSERT)              Example_rawSQL
//	Raw SQL execution, reading results          Example_rawSQL
//	Error handling, Unsupported dialect         TestOriginalErrors
//	Error handling, Missing driver for X        TestOriginalErrors
//	Error handling, Connection refused          TestOriginalErrors
//	Error handling, Authentication failed       TestOriginalErrors
//	Cleanup, on SIGINT                          ExampleManager_CloseOn, TestCloseOnASignal
//	Cleanup, finally                            Example_cleanupOfACommand
//	Testing, should create sqlite connection    TestOriginalCreatesASQLiteConnection
//	Testing, should execute raw SQL             TestOriginalExecutesRawSQL
//	Testing, should report connection errors    TestOriginalReportsConnectionErrors
//	Manager, getConnection caches               TestGetOpensOnceAndHandsOutTheSame
//	Manager, closeConnection, hasConnection     TestCloseIsIdempotentAndAMissingNameIsNoError
//	Manager, closeConnection that fails         TestNoLeaseOutlivesAForcedClose
//	Manager, closeAll                           ExampleManager_CloseAll
//	Manager, get and reset the singleton        TestResetClosesAndReplacesTheDefault

package manager_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

func Example_basicConnection() {
	ctx := context.Background()
	db, err := conn.Open(ctx, conn.Config{Dialect: "sqlite", Database: ":memory:"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE users (id INTEGER, name TEXT); INSERT INTO users VALUES (1, 'Ada')"); err != nil {
		log.Fatal(err)
	}

	rows, err := db.QueryContext(ctx, "SELECT * FROM users")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			log.Fatal(err)
		}
		fmt.Println(id, name)
	}
	fmt.Println(rows.Err())
	// Output:
	// 1 Ada
	// <nil>
}

func Example_withConfigObject() {
	ctx := context.Background()
	defer manager.Reset(ctx)
	active := struct {
		name       string
		connection conn.Config
	}{"local", conn.Config{Dialect: "sqlite", Database: ":memory:"}}

	db, err := manager.Default().Get(ctx, active.name, active.connection)
	if err != nil {
		log.Fatal(err)
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE test (id INT)")
	fmt.Println(err)
	// Output: <nil>
}

func Example_testConnection() {
	err := conn.Test(context.Background(), conn.Config{Dialect: "sqlite", Database: "no/such/folder/myapp.db"})
	if err != nil {
		fmt.Println("connection failed:", conn.KindOf(err))
	}
	// Output: connection failed: cannot open
}

func Example_rawSQL() {
	ctx := context.Background()
	db, err := conn.Open(ctx, conn.Config{Dialect: "sqlite", Database: ":memory:"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	if _, err := db.ExecContext(ctx, `CREATE TABLE users (
		id INTEGER PRIMARY KEY,
		email VARCHAR(255) NOT NULL
	)`); err != nil {
		log.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO users (email) VALUES ('test@example.com')`); err != nil {
		log.Fatal(err)
	}
	var count int
	err = db.QueryRowContext(ctx, "SELECT COUNT(*) AS count FROM users").Scan(&count)
	fmt.Println(count, err)
	// Output: 1 <nil>
}

func Example_cleanupOfACommand() {
	command := func(ctx context.Context) (err error) {
		m := manager.Default()
		defer func() { err = errors.Join(err, m.CloseAll(ctx)) }()
		_, err = m.Get(ctx, "local", conn.Config{Dialect: "sqlite", Database: ":memory:"})
		return err // after the work
	}
	fmt.Println(command(context.Background()), manager.Default().Names())
	// Output: <nil> []
}

// No external database is needed.
var testConfig = conn.Config{Dialect: "sqlite", Database: ":memory:"}

func TestOriginalCreatesASQLiteConnection(t *testing.T) {
	c, err := conn.Open(t.Context(), testConfig)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dialect() != "sqlite" {
		t.Errorf("the dialect is %q", c.Dialect())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestOriginalExecutesRawSQL(t *testing.T) {
	c, err := conn.Open(t.Context(), testConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, statement := range []string{"CREATE TABLE test (id INTEGER PRIMARY KEY)", "INSERT INTO test (id) VALUES (1)"} {
		if _, err := c.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := c.QueryContext(t.Context(), "SELECT * FROM test")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// Where the driver for PostgreSQL is linked, the name is looked up and not found; where it is not, that is the
// error. Both are reported at once.
func TestOriginalReportsConnectionErrors(t *testing.T) {
	err := conn.Test(t.Context(), conn.Config{Dialect: "postgres", Host: "nonexistent.invalid", User: "test", Database: "test"})
	if err == nil {
		t.Fatal("no error")
	}
	want := conn.KindUnreachable
	if missing := (*registry.MissingDriverError)(nil); errors.As(err, &missing) {
		want = conn.KindConfig
	}
	if conn.KindOf(err) != want {
		t.Errorf("the kind of %v is %v", err, conn.KindOf(err))
	}
}

// refusing is a dialect whose server refuses in two ways.
type refusing struct{ *fake }

func (refusing) Diagnose(err error) (d registry.Diagnosis) {
	switch {
	case errors.Is(err, errWrong):
		d.Kind = registry.KindAuth
	case errors.Is(err, errRefused):
		d.Kind = registry.KindUnreachable
	}
	return d
}

func TestOriginalErrors(t *testing.T) {
	cannot := newFake()
	var fails error
	cannot.connect = func(context.Context, registry.Config) error { return fails }
	server := new(registry.Registry)
	server.Register(refusing{cannot})
	var supported []string
	for _, info := range registry.Known() {
		supported = append(supported, info.Dialect)
	}

	for name, c := range map[string]struct {
		cfg   conn.Config
		fails error
		opts  []conn.Option
		words []string // the error, and the resolution in it
	}{
		"unsupported dialect": {
			conn.Config{Dialect: "oracle"},
			nil, nil,
			append([]string{`unsupported dialect "oracle"`, "use "}, supported...),
		},
		"missing driver": {
			conn.Config{Dialect: "mysql"},
			nil,
			[]conn.Option{conn.WithRegistry(new(registry.Registry))},
			[]string{"missing driver for mysql: ", "drivers/mysql"},
		},
		"connection refused": {
			fakeConfig("x"), fmt.Errorf("dial: %w", errRefused),
			[]conn.Option{conn.WithRegistry(server)},
			[]string{"refused", "check that the database server is running, and host and port"},
		},
		"authentication failed": {
			fakeConfig("x"), errWrong,
			[]conn.Option{conn.WithRegistry(server)},
			[]string{"wrong password", "verify user and password"},
		},
	} {
		fails = c.fails
		c.cfg.Retry.Max = -1
		err := conn.Test(t.Context(), c.cfg, c.opts...)
		for _, words := range c.words {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v does not say %q", name, err, words)
			}
		}
	}
}

func TestTheTableAboveNamesTestsThatExist(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	rows := 0
	for line := range strings.Lines(source.String()) {
		row, isRow := strings.CutPrefix(line, "//	")
		_, names, hasNames := strings.Cut(row, "   ")
		if !isRow || !hasNames {
			continue
		}
		rows++
		for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }) {
			if !strings.Contains(source.String(), "func "+name+"(") {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if rows != 20 {
		t.Errorf("%d rows in the table", rows)
	}
}
