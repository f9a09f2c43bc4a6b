package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// warnings is a Warn that keeps what it is told.
type warnings chan error

func (w warnings) warn(err error) {
	select {
	case w <- err:
	default:
	}
}

func (w warnings) none(t *testing.T) {
	t.Helper()
	select {
	case err := <-w:
		t.Errorf("it warns of %v", err)
	default:
	}
}

func (w warnings) next(t *testing.T) error {
	t.Helper()
	select {
	case err := <-w:
		if strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%q is more than a line", err)
		}
		return err
	case <-limit(t).Done():
		t.Fatal("nobody was warned")
		return nil
	}
}

// running returns the ids of the connections whose statement contains the text.
func running(t *testing.T, db *sql.DB, text string) (ids []int) {
	t.Helper()
	rows, err := db.QueryContext(limit(t), "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE CONCAT('%', ?, '%') AND ID <> CONNECTION_ID()", text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// await returns when n statements that contain the text are running.
func await(t *testing.T, db *sql.DB, text string, n int) {
	t.Helper()
	for start := time.Now(); len(running(t, db, text)) != n; time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("%d statements with %q are running, want %d", len(running(t, db, text)), text, n)
		}
	}
}

// giveUp has a statement run and its context end.
func giveUp(t *testing.T, admin, db *sql.DB, statement string) {
	t.Helper()
	c, err := db.Conn(limit(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var id int
	if err := c.QueryRowContext(limit(t), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(limit(t))
	done := make(chan error, 1)
	go func() {
		_, err := c.ExecContext(ctx, statement)
		done <- err
	}()
	for start := time.Now(); !slices.Contains(running(t, admin, statement), id); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("%q does not begin", statement)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
}

// TestWhatTheServerDoesWhenTheContextEnds is C1: it has stopped within a second, and nothing is committed.
func TestWhatTheServerDoesWhenTheContextEnds(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	admin := pool(t, s.Config(), registry.Env{})
	bySocket, encrypted := s.Config(), s.Config()
	bySocket.Host = s.Socket
	encrypted.TLS = s.TLS()
	for name, cfg := range map[string]registry.Config{
		"TCP": s.Config(), "TLS": encrypted, "unix socket": bySocket, "compressed": with(s.Config(), "compress", "true"),
		"TLS and compressed": with(encrypted, "compress", "true"),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, s, "DROP TABLE IF EXISTS accounts", "CREATE TABLE accounts (n INT) ENGINE=InnoDB", "INSERT INTO accounts VALUES (1), (2), (3), (4), (5), (6), (7), (8)")
			warned := make(warnings, 10)
			db := pool(t, cfg, registry.Env{Warn: warned.warn})
			db.SetMaxOpenConns(2)
			for range 5 {
				giveUp(t, admin, db, "SELECT SLEEP(120)")
			}
			start := time.Now()
			await(t, admin, "SELECT SLEEP(120)", 0)
			t.Logf("no statement is running %v later", time.Since(start).Round(time.Millisecond))

			giveUp(t, admin, db, "UPDATE accounts SET n = n + 100 + SLEEP(15)")
			await(t, admin, "UPDATE accounts", 0)
			var sum int
			if err := admin.QueryRowContext(limit(t), "SELECT SUM(n) FROM accounts FOR UPDATE").Scan(&sum); err != nil || sum != 36 {
				t.Errorf("the sum is %d, %v; want 36, as it was before", sum, err)
			}

			// Between the rows of an answer nobody waits for the server, which is busy with the next ones all the same.
			ctx, cancel := context.WithCancel(limit(t))
			rows, err := db.QueryContext(ctx, "SELECT REPEAT('x', 100000), IF(n > 2, SLEEP(60), 0) FROM accounts")
			if err != nil || !rows.Next() {
				t.Fatal(err, rows.Err())
			}
			cancel()
			await(t, admin, "REPEAT('x', 100000)", 0)
			_ = rows.Close()
			warned.none(t)
		})
	}
}

// TestOneFurtherConnectionAtMost: C1.
func TestOneFurtherConnectionAtMost(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	admin := pool(t, s.Config(), registry.Env{})
	var open, most, dialed atomic.Int32
	db := pool(t, s.Config(), registry.Env{Watch: func(_ context.Context, c net.Conn) net.Conn {
		dialed.Add(1)
		n := open.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return &counted{Conn: c, open: &open}
	}})
	db.SetMaxOpenConns(8)
	ctx, cancel := context.WithCancel(limit(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _, _ = db.ExecContext(ctx, "DO SLEEP(121)") })
	}
	await(t, admin, "DO SLEEP(121)", 8)
	cancel()
	all.Wait()
	await(t, admin, "DO SLEEP(121)", 0)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if n := most.Load(); n > 9 {
		t.Errorf("%d sockets at a time of a pool of 8", n)
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d sockets are left", n)
	}
	t.Logf("%d sockets in all", dialed.Load())
}

type counted struct {
	net.Conn
	open *atomic.Int32
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// TestStatementsThatEndCostNoConnection: C1.
func TestStatementsThatEndCostNoConnection(t *testing.T) {
	s := testserver.MariaDB(t)
	for name, encrypt := range map[string]bool{"plain": false, "TLS": true} {
		proxy := testproxy.New(t, fmt.Sprint(s.Host, ":", s.Port))
		cfg := s.Config()
		cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
		if encrypt && s.TLS() == nil {
			continue
		}
		if encrypt {
			cfg.TLS = s.TLS()
		}
		warned := make(warnings, 10)
		db := pool(t, cfg, registry.Env{Warn: warned.warn})
		for range 10 {
			ctx, cancel := context.WithCancel(limit(t))
			var n int
			if err := db.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(ctx, "no such statement"); err == nil {
				t.Error("no error")
			}
			rows, err := db.QueryContext(ctx, "SELECT 1 UNION SELECT 2")
			if err != nil || !rows.Next() {
				t.Fatal(err)
			}
			_ = rows.Close()
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = tx.Rollback()
			cancel()
		}
		c, err := db.Conn(limit(t)) // it is still open when the pool is closed
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = db.Close(), c.Close(), db.Close()
		if n := len(proxy.Conns()); n != 1 {
			t.Errorf("%s: %d connections, want 1", name, n)
		}
		warned.none(t)
	}
}

// TestNoStrangerIsStopped is C1: a balancer leads the further connection to another server, where the same id is in
// use.
func TestNoStrangerIsStopped(t *testing.T) {
	for _, schema := range []string{"0", "1"} {
		opts := testserver.Options{Settings: map[string]string{"performance-schema": schema}}
		a, b := testserver.StartMariaDB(t, opts), testserver.StartMariaDB(t, opts)
		for _, s := range []*testserver.Server{a, b} {
			run(t, s, "CREATE USER twin IDENTIFIED BY 'pw of twin'", "GRANT ALL ON *.* TO twin")
		}
		adminA, adminB := pool(t, a.Config(), registry.Env{}), pool(t, b.Config(), registry.Env{})
		address := func(s *testserver.Server) string { return fmt.Sprint(s.Host, ":", s.Port) }
		for name, proxied := range map[string]bool{"a proxy": true, "addresses translated": false} {
			t.Run(fmt.Sprint(name, ", performance_schema=", schema), func(t *testing.T) {
				// The first connection is to a, all others to b.
				var dials atomic.Int32
				proxies := map[*testserver.Server]string{a: address(a), b: address(b)}
				if proxied {
					for s := range proxies {
						proxies[s] = testproxy.New(t, address(s)).Addr()
					}
				}
				warned := make(warnings, 10)
				db := pool(t, as(a, "twin", "pw of twin"), registry.Env{
					Warn: warned.warn,
					Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
						to := b
						if dials.Add(1) == 1 {
							to = a
						}
						return new(net.Dialer).DialContext(ctx, network, proxies[to])
					},
				})
				var id int
				mine := conn(t, db)
				if err := mine.QueryRowContext(limit(t), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
					t.Fatal(err)
				}
				// A stranger with the same account gets the same id on b, or a later one on a is taken.
				stranger := pool(t, as(b, "twin", "pw of twin"), registry.Env{})
				var theirs *sql.Conn
				for his := 0; his != id; {
					theirs = conn(t, stranger)
					if err := theirs.QueryRowContext(limit(t), "SELECT CONNECTION_ID()").Scan(&his); err != nil {
						t.Fatal(err)
					}
					if his < id {
						continue
					}
					for ; id < his; dials.Store(1) {
						dials.Store(0)
						mine = conn(t, db)
						if err := mine.QueryRowContext(limit(t), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
							t.Fatal(err)
						}
					}
				}
				ended := make(chan error, 1)
				go func() {
					_, err := theirs.ExecContext(limit(t), "DO SLEEP(123)")
					ended <- err
				}()
				await(t, adminB, "DO SLEEP(123)", 1)
				ctx, cancel := context.WithCancel(limit(t))
				done := make(chan error, 1)
				go func() {
					_, err := mine.ExecContext(ctx, "DO SLEEP(122)")
					done <- err
				}()
				await(t, adminA, "DO SLEEP(122)", 1)
				cancel()
				<-done
				if err := warned.next(t); !errors.Is(err, errStranger) {
					t.Errorf("got %v, want %v", err, errStranger)
				}
				if n := len(running(t, adminB, "DO SLEEP(123)")); n != 1 {
					t.Errorf("%d statements of the stranger are running, want 1", n)
				}
				if _, err := adminA.ExecContext(limit(t), fmt.Sprint("KILL ", id)); err != nil {
					t.Error(err)
				}
				if _, err := adminB.ExecContext(limit(t), fmt.Sprint("KILL ", id)); err != nil {
					t.Error(err)
				}
				<-ended
			})
		}
	}
}

// TestProofBehindAProxy: C1. The port that the server sees is not ours there, the attribute is.
func TestProofBehindAProxy(t *testing.T) {
	for schema, stopped := range map[string]bool{"0": false, "1": true} {
		s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"performance-schema": schema}})
		admin := pool(t, s.Config(), registry.Env{})
		proxy := testproxy.New(t, fmt.Sprint(s.Host, ":", s.Port))
		cfg := s.Config()
		cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
		warned := make(warnings, 10)
		giveUp(t, admin, pool(t, cfg, registry.Env{Warn: warned.warn}), "DO SLEEP(20)")
		if stopped {
			await(t, admin, "DO SLEEP(20)", 0)
			warned.none(t)
		} else if err := warned.next(t); !errors.Is(err, errStranger) {
			t.Errorf("got %v, want %v", err, errStranger)
		}
	}
}

// TestWhatCannotBeStoppedIsTold: C1.
func TestWhatCannotBeStoppedIsTold(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	run(t, s, "CREATE USER one IDENTIFIED BY 'pw of one' WITH MAX_USER_CONNECTIONS 1",
		"CREATE USER mine IDENTIFIED BY 'pw of mine'", "CREATE USER other IDENTIFIED BY 'pw of other'", "GRANT PROCESS ON *.* TO other")
	admin := pool(t, s.Config(), registry.Env{})
	login := func(user string) registry.Config {
		cfg := as(s, user, "pw of "+user)
		cfg.Database = ""
		return cfg
	}
	t.Run("no connection left", func(t *testing.T) {
		warned := make(warnings, 10)
		giveUp(t, admin, pool(t, login("one"), registry.Env{Warn: warned.warn}), "DO SLEEP(15)")
		check(t, warned.next(t), registry.KindTooMany, "max_user_connections")
	})
	t.Run("no right", func(t *testing.T) {
		warned, asked := make(warnings, 10), 0
		db := pool(t, login("mine"), registry.Env{Warn: warned.warn, Credentials: func(context.Context, bool) (registry.Login, error) {
			if asked++; asked == 1 {
				return registry.Login{User: "mine", Password: registry.NewSecret("pw of mine")}, nil
			}
			return registry.Login{User: "other", Password: registry.NewSecret("pw of other")}, nil
		}})
		giveUp(t, admin, db, "DO SLEEP(16)")
		err := warned.next(t)
		if said, ok := errors.AsType[*mysql.MySQLError](err); !ok || said.Number != 1095 {
			t.Errorf("got %v, want 1095", err)
		}
	})
	t.Run("a dialer that panics", func(t *testing.T) {
		warned, dials := make(warnings, 10), 0
		db := pool(t, s.Config(), registry.Env{Warn: warned.warn, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials > 1 {
				panic("no line")
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}})
		giveUp(t, admin, db, "DO SLEEP(17)")
		if err := warned.next(t); !strings.Contains(err.Error(), "no line") {
			t.Errorf("got %v, want the panic", err)
		}
	})
	t.Run("an answer that has the driver panic", func(t *testing.T) {
		warned := make(warnings, 10)
		first := make(chan bool, 1)
		first <- true
		bad := testproxy.Serve(t, func(c net.Conn) {
			_, _ = c.Write([]byte(greeting))
			_, _ = c.Read(make([]byte, 1024))
			_, _ = c.Write([]byte(packet(2, "\x00\x00\x00\x02\x00\x00\x00")))
			_, _ = c.Read(make([]byte, 1024))
			_, _ = c.Write([]byte("\x01\x00\x00\x01\xff"))
			_, _ = c.Read(make([]byte, 1024))
		})
		db := pool(t, s.Config(), registry.Env{Warn: warned.warn, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			select {
			case <-first:
			default:
				address = bad.Addr()
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}})
		giveUp(t, admin, db, "DO SLEEP(18)")
		if err := warned.next(t); !strings.Contains(err.Error(), "runtime error") {
			t.Errorf("got %v, want the panic", err)
		}
	})
	t.Run("a server that is silent, and the pool is closed", func(t *testing.T) {
		warned := make(warnings, 10)
		silent := testproxy.Silent(t)
		first := make(chan bool, 1)
		first <- true
		db := pool(t, s.Config(), registry.Env{Warn: warned.warn, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			select {
			case <-first:
			default:
				address = silent.Addr()
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}})
		giveUp(t, admin, db, "DO SLEEP(19)")
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := warned.next(t); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the end of the pool", err)
		}
	})
}
