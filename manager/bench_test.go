package manager_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

// sizes are the numbers of open names, over which handing one out must not get slower than the map does.
var sizes = []int{10, 100, 1000, 10_000}

// tenant is one open name, with a config like that of a server.
type tenant struct {
	name string
	cfg  conn.Config // as it was opened with
	copy conn.Config // the same, read again from somewhere: equal strings that are not the same
	conn *conn.Conn
}

// open opens n names and returns the manager and, by name, what a map without a manager would hold.
func open(b *testing.B, n int, opts ...manager.Option) (*manager.Manager, *sync.Map, []tenant) {
	b.Helper()
	f := newFake()
	opts = append(opts, manager.WithObserver(nil), manager.WithConnOptions(conn.WithRegistry(f.registry)))
	m := manager.New(opts...)
	b.Cleanup(func() {
		if err := m.CloseAll(context.Background()); err != nil {
			b.Error(err)
		}
	})
	var plain sync.Map
	all := make([]tenant, n)
	config := func(i int) conn.Config {
		return conn.Config{
			Dialect: "fake", Host: fmt.Sprintf("db-%d.example", i), Port: 5432, User: fmt.Sprintf("tenant-%d", i),
			Password: conn.NewSecret(fmt.Sprintf("password of %d", i)), Database: fmt.Sprintf("tenant-%d", i),
		}
	}
	for i := range all {
		t := tenant{name: fmt.Sprintf("tenant-%05d", i), cfg: config(i), copy: config(i)}
		c, err := m.Get(b.Context(), t.name, t.cfg)
		if err != nil {
			b.Fatal(err)
		}
		t.conn = c
		plain.Store(t.name, c)
		all[i] = t
	}
	return m, &plain, all
}

// asked is how many of the names are asked for, in turn. With more of them, the memory that this test itself
// goes through would be what is measured.
const asked = 10

func measure(b *testing.B, ask func(m *manager.Manager, plain *sync.Map, t *tenant) *conn.Conn, opts ...manager.Option) {
	for _, n := range sizes {
		m, plain, all := open(b, n, opts...)
		some := make([]*tenant, asked)
		for i := range some {
			some[i] = &all[i*n/asked]
		}
		b.Run(fmt.Sprintf("names=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if i == asked {
						i = 0
					}
					if t := some[i]; ask(m, plain, t) != t.conn {
						b.Error("another connection")
					}
				}
			})
		})
	}
}

// load is what a program without a manager would do.
func load(_ *manager.Manager, plain *sync.Map, t *tenant) *conn.Conn {
	c, ok := plain.Load(t.name)
	if !ok {
		return nil
	}
	return c.(*conn.Conn)
}

var background = context.Background()

func named(m *manager.Manager, _ *sync.Map, t *tenant) *conn.Conn {
	c, _ := m.Named(background, t.name)
	return c
}

func getSame(m *manager.Manager, _ *sync.Map, t *tenant) *conn.Conn {
	c, _ := m.Get(background, t.name, t.cfg)
	return c
}

func getCopy(m *manager.Manager, _ *sync.Map, t *tenant) *conn.Conn {
	c, _ := m.Get(background, t.name, t.copy)
	return c
}

func acquire(m *manager.Manager, _ *sync.Map, t *tenant) *conn.Conn {
	l, err := m.Acquire(background, t.name, t.cfg)
	if err != nil {
		return nil
	}
	l.Release()
	return l.Conn()
}

func BenchmarkMapLoadBaseline(b *testing.B) { measure(b, load) }
func BenchmarkNamed(b *testing.B)           { measure(b, named) }
func BenchmarkNamedLimited(b *testing.B)    { measure(b, named, manager.WithLimit(20_000)) }
func BenchmarkGet(b *testing.B)             { measure(b, getSame) }
func BenchmarkGetLimited(b *testing.B)      { measure(b, getSame, manager.WithLimit(20_000)) }
func BenchmarkGetEqualConfig(b *testing.B)  { measure(b, getCopy) }
func BenchmarkAcquireRelease(b *testing.B)  { measure(b, acquire) }

// BenchmarkOpenNew opens a new file of SQLite for each name.
func BenchmarkOpenNew(b *testing.B) {
	b.Run("patchbay", func(b *testing.B) {
		m := manager.New(manager.WithObserver(nil))
		dir := b.TempDir()
		for i := 0; b.Loop(); i++ {
			name := fmt.Sprint("tenant-", i)
			if _, err := m.Get(b.Context(), name, conn.Config{Dialect: "sqlite", Filename: filepath.Join(dir, name+".db")}); err != nil {
				b.Fatal(err)
			}
		}
		if err := m.CloseAll(context.Background()); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("byhand", func(b *testing.B) {
		var byName sync.Map
		dir := b.TempDir()
		for i := 0; b.Loop(); i++ {
			name := fmt.Sprint("tenant-", i)
			db, err := sql.Open("sqlite", "file://"+filepath.Join(dir, name+".db")+
				"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"+
				"&_txlock=immediate&_time_format=sqlite&_timezone=UTC")
			if err != nil {
				b.Fatal(err)
			}
			db.SetMaxOpenConns(10)
			db.SetMaxIdleConns(10)
			db.SetConnMaxIdleTime(5 * time.Minute)
			var one int
			if err := db.QueryRowContext(b.Context(), "SELECT 1").Scan(&one); err != nil {
				b.Fatal(err)
			}
			byName.Store(name, db)
		}
		for _, db := range byName.Range {
			if err := db.(*sql.DB).Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
