package drivers_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// migration is one way to compare a driver by itself with it here.
type migration struct {
	heading string
	cfg     conn.Config
	driver  string // for sql.Open
	dsn     string
	probes  map[string]probe // by the first column
	again   func()           // before each connection; nil: nothing
}

// probe says what a fresh connection shows, in the words of the table.
type probe func(t *testing.T, db *sql.DB) string

// ask is a probe by a query. Words of the table that stand for a value that is not known before are its keys.
func ask(query string, words map[string]string) probe {
	return func(t *testing.T, db *sql.DB) string {
		var got sql.NullString
		if err := db.QueryRowContext(testdriver.Context(t), query).Scan(&got); err != nil {
			return err.Error()
		}
		if word, ok := words[got.String]; ok {
			return word
		}
		return got.String
	}
}

const programs = "the program's name"

func programName() string { return network.AppName(new(registry.Config)) }

func (m migration) check(t *testing.T, text string) {
	_, table, found := strings.Cut(text, "\n## "+m.heading+"\n\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if !found {
		t.Fatalf("there is no section %s", m.heading)
	}
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if !strings.Contains(line, "`") {
			continue
		}
		if len(cells) != 5 {
			cells = strings.Split(strings.Trim(strings.ReplaceAll(line, "| |", "|  |"), "| \n"), " | ")
		}
		if len(cells) != 5 {
			t.Errorf("not a row: %s", line)
			continue
		}
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		what, here, there, as, withDSN := cells[0], cells[1], cells[2], cells[3], cells[4]
		ask, ok := m.probes[what]
		if !ok {
			t.Errorf("nothing asks for %q", what)
			continue
		}
		rows++
		expect := func(how, want string, db *sql.DB, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s, %s: %v", what, how, err)
				return
			}
			if got := ask(t, db); got != want {
				t.Errorf("%s, %s: is %q, the table says %q", what, how, got, want)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		open := func(cfg conn.Config) (*sql.DB, error) {
			if m.again != nil {
				m.again()
			}
			c, err := conn.Open(testdriver.Context(t), cfg, conn.WithObserver(nil))
			if err != nil {
				return nil, err
			}
			return c.DB, nil
		}
		db, err := open(m.cfg)
		expect("here", here, db, err)
		if m.again != nil {
			m.again()
		}
		db, err = sql.Open(m.driver, m.dsn)
		expect("there", there, db, err)
		if as != "" {
			words, err := conn.ParseURL(m.cfg.Dialect + "://" + m.cfg.Filename + "?" + as)
			if err != nil {
				t.Errorf("%s: %v", as, err)
				continue
			}
			words.Complete(&m.cfg)
			db, err = open(words)
			expect("as there", there, db, err)
		}
		want := map[string]string{"here": here, "there": there}[withDSN]
		db, err = open(conn.Config{Dialect: m.cfg.Dialect, DSN: conn.NewSecret(m.dsn)})
		expect("with its DSN", want, db, err)
	}
	if rows != len(m.probes) {
		t.Errorf("%s has %d rows, and %d are asked for", m.heading, rows, len(m.probes))
	}
}

func migrating(t *testing.T) string {
	text, err := os.ReadFile("../docs/migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMigratingDefaultsOfPools(t *testing.T) {
	text := migrating(t)
	name := filepath.Join(t.TempDir(), "x.db")
	migration{
		heading: "Every dialect", cfg: conn.Config{Dialect: "sqlite", Filename: name}, driver: "sqlite", dsn: name,
		probes: map[string]probe{
			"connections at most": func(_ *testing.T, db *sql.DB) string {
				if n := db.Stats().MaxOpenConnections; n > 0 {
					return fmt.Sprint(n)
				}
				return "unlimited"
			},
			"unused connections at most": func(t *testing.T, db *sql.DB) string {
				var all []*sql.Conn
				for range 10 {
					all = append(all, testdriver.Conn(t, db))
				}
				for _, c := range all {
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				}
				return fmt.Sprint(db.Stats().Idle)
			},
		},
	}.check(t, text)
	for _, sentence := range []string{
		fmt.Sprintf("Connecting takes %v at most", registry.DefaultConnectTimeout),
		fmt.Sprintf("is closed after %v, `pool.maxIdleTime`", registry.DefaultMaxIdleTime),
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/migrating.md does not say: %s", sentence)
		}
	}
}

func TestMigratingPostgres(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	admin, err := conn.Open(testdriver.Context(t), s.Config(), conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(testdriver.Context(t), "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
		t.Fatal(err)
	}
	if err := admin.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGOPTIONS", "-c geqo=off")
	cfg := s.Config()
	cfg.Database = "latin"
	migration{
		heading: "PostgreSQL", cfg: cfg, driver: "pgx",
		dsn: fmt.Sprintf("postgres://%s:%s@%s:%d/latin", s.User, s.Password, s.Host, s.Port),
		probes: map[string]probe{
			"TLS where nothing is said of it": ask("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
				map[string]string{"true": "not verified", "false": "plaintext"}), // the authority of the server is nobody's
			"time zone of the session": ask("SHOW timezone", map[string]string{"<+0530>-05:30": "the server's"}),
			"zone of a timestamptz that is read": func(t *testing.T, db *sql.DB) string {
				var at time.Time
				if err := db.QueryRowContext(testdriver.Context(t), "SELECT now()").Scan(&at); err != nil {
					return err.Error()
				}
				return at.Location().String()
			},
			"application_name":                   ask("SHOW application_name", map[string]string{"": "none", programName(): programs}),
			"client_encoding":                    ask("SHOW client_encoding", map[string]string{"LATIN1": "that of the database"}),
			"the environment, such as PGOPTIONS": ask("SHOW geqo", map[string]string{"on": "not read", "off": "read"}),
		},
	}.check(t, migrating(t))
}

func TestMigratingMySQL(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"performance-schema": "ON"}})
	c, err := conn.Open(testdriver.Context(t), s.Config(), conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	own := ask("SELECT DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME = 'utf8mb4'", nil)(t, c.DB)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text := migrating(t)
	words := map[string]string{own: "the server's for utf8mb4"}
	if own == "utf8mb4_general_ci" { // and both are one
		text = strings.ReplaceAll(text, "`the server's for utf8mb4`", "`"+own+"`")
		words = nil
	}
	migration{
		heading: "MySQL and MariaDB", cfg: s.Config(), driver: "mysql",
		dsn: fmt.Sprintf("%s:%s@tcp(%s:%d)/%s", s.User, s.Password, s.Host, s.Port, s.Database),
		probes: map[string]probe{
			"time zone of the session": ask("SELECT @@time_zone", map[string]string{"+00:00": "UTC", "+05:30": "the server's", "SYSTEM": "the server's"}),
			"Go type of a DATETIME": func(t *testing.T, db *sql.DB) string {
				var at any
				if err := db.QueryRowContext(testdriver.Context(t), "SELECT CAST('2026-07-01 12:00:00' AS DATETIME)").Scan(&at); err != nil {
					return err.Error()
				}
				return fmt.Sprintf("%T", at)
			},
			"collation of the session": ask("SELECT @@collation_connection", words),
			"the attribute program_name": ask("SELECT MAX(ATTR_VALUE) FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME = 'program_name'",
				map[string]string{"": "none", programName(): programs}),
		},
	}.check(t, text)
}

func TestMigratingMSSQL(t *testing.T) {
	pair := testcert.NewCA("patchbay migrating tests").Server()
	s := tdstest.Start(t, tdstest.Options{TLS: tlsOf(pair)})
	last := func(t *testing.T, db *sql.DB) tdstest.Connection {
		if err := db.PingContext(testdriver.Context(t)); err != nil {
			t.Error(err)
		}
		all := s.Connections()
		return all[len(all)-1]
	}
	cfg := s.Config()
	migration{
		heading: "SQL Server", cfg: cfg, driver: "sqlserver",
		dsn: fmt.Sprintf("sqlserver://%s:%s@%s:%d?database=%s", cfg.User, cfg.Password.Reveal(), cfg.Host, cfg.Port, cfg.Database),
		probes: map[string]probe{
			"TLS where nothing is said of it": func(t *testing.T, db *sql.DB) string {
				switch c := last(t, db); {
				case c.TLS == nil:
					return "plaintext"
				case c.TLS.LoginOnly:
					return "of the login alone"
				}
				return "all"
			},
			"the name of the program": func(t *testing.T, db *sql.DB) string {
				name := last(t, db).Login.AppName
				if name == programName() {
					return programs
				}
				return name
			},
		},
	}.check(t, migrating(t))
}

func TestMigratingSQLite(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	text := migrating(t)
	memory := func(t *testing.T, db *sql.DB) string {
		first, second := testdriver.Conn(t, db), testdriver.Conn(t, db)
		defer first.Close()
		defer second.Close()
		if _, err := first.ExecContext(testdriver.Context(t), "create table x(a)"); err != nil {
			return err.Error()
		}
		if _, err := second.ExecContext(testdriver.Context(t), "select * from x"); err != nil {
			return "see one each"
		}
		return "see one database"
	}
	const row = "| connections to :memory: |"
	migration{
		heading: "SQLite", cfg: conn.Config{Dialect: "sqlite", Filename: name}, driver: "sqlite", dsn: name,
		again: func() {
			for _, end := range []string{"", "-wal", "-shm", "-journal"} {
				_ = os.Remove(name + end) // it may not be there
			}
		},
		probes: map[string]probe{
			"foreign_keys":               ask("pragma foreign_keys", nil),
			"busy_timeout":               ask("pragma busy_timeout", nil),
			"journal_mode of a new file": ask("pragma journal_mode", nil),
			"synchronous":                ask("pragma synchronous", nil),
			"a transaction begins": func(t *testing.T, db *sql.DB) string {
				tx, err := db.BeginTx(testdriver.Context(t), nil)
				if err != nil {
					return err.Error()
				}
				defer tx.Rollback()
				c := testdriver.Conn(t, db)
				defer c.Close()
				if _, err := c.ExecContext(testdriver.Context(t), "pragma busy_timeout=0; begin immediate; rollback"); err != nil {
					return "immediate"
				}
				return "deferred"
			},
			"noon of 1 July 2026 at +02:00 is written": func(t *testing.T, db *sql.DB) string {
				var text string
				at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.FixedZone("CEST", 2*3600))
				if err := db.QueryRowContext(context.Background(), "select ?", at).Scan(&text); err != nil {
					return err.Error()
				}
				return text
			},
		},
	}.check(t, without(text, row))
	migration{
		heading: "SQLite", cfg: conn.Config{Dialect: "sqlite", Filename: ":memory:"}, driver: "sqlite", dsn: ":memory:",
		probes: map[string]probe{"connections to :memory:": memory},
	}.check(t, only(text, row))
}

// without and only choose the rows of the table of SQLite that begin with row.
func without(text, row string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, row) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func only(text, row string) string {
	_, table, _ := strings.Cut(text, row)
	line, _, _ := strings.Cut(table, "\n")
	return "\n## SQLite\n\n" + row + line + "\n\n"
}

func tlsOf(pair testcert.Pair) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{pair.TLS()}}
}
