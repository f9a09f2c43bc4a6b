package tsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// Backend keeps one SQLite database for each database of the server. It is a [tdstest.Backend].
type Backend struct {
	dir string

	mu  sync.Mutex
	dbs map[string]*sql.DB // by name in lower case
}

// New returns a backend whose databases are in files in dir, which the caller removes after Close.
func New(dir string) *Backend { return &Backend{dir: dir, dbs: make(map[string]*sql.DB)} }

// Open returns a backend that is closed, and whose data is gone, when the test ends. Open it before the server that
// uses it starts, so that it is closed after it.
func Open(tb testing.TB) *Backend {
	tb.Helper()
	b := New(tb.TempDir())
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return b
}

// Close closes all databases. No session may be open.
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, db := range b.dbs {
		errs = append(errs, db.Close())
	}
	clear(b.dbs)
	return errors.Join(errs...)
}

// Session opens a connection to a database, which it creates when nobody has used it before.
func (b *Backend) Session(ctx context.Context, database string) (tdstest.Session, error) {
	conn, err := b.database(database).Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn}, nil
}

func (b *Backend) database(name string) *sql.DB {
	b.mu.Lock()
	defer b.mu.Unlock()
	name = strings.ToLower(name)
	db := b.dbs[name]
	if db == nil {
		db = sql.OpenDB(file(filepath.Join(b.dir, fmt.Sprintf("%d.db", len(b.dbs)))))
		b.dbs[name] = db
	}
	return db
}

// file is a SQLite database as a [driver.Connector].
type file string

// Connect opens the file. It is in WAL mode, in which readers and a writer do not wait for each other, as in a SQL
// Server database with READ_COMMITTED_SNAPSHOT; two writers do, for five seconds. Nothing is ever read back after a
// crash, so that nothing needs to reach the disk.
func (f file) Connect(context.Context) (driver.Conn, error) {
	path := filepath.ToSlash(string(f))
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // of Windows, with its letter
	}
	at := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(OFF)", "foreign_keys(1)",
	}}.Encode()}
	return engine().Open(at.String())
}

// Driver returns the driver of the package.
func (file) Driver() driver.Driver { return engine() }

// engine is a driver of the package's own: what it adds to SQL is not in the way of anybody else in the process.
var engine = sync.OnceValue(func() *sqlite.Driver {
	d := new(sqlite.Driver)
	for name, compare := range collations {
		d.MustRegisterCollationUtf8(name, compare)
	}
	for name, f := range functions {
		d.MustRegisterScalarFunction(name, f.args, f.call)
	}
	return d
})
