package conn_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

const (
	writers      = 8                      // and as many connections
	writeTimeout = time.Second            // of each write
	writePause   = 20 * time.Millisecond  // after one that failed
	writeBefore  = 300 * time.Millisecond // with a primary that is well
	writeAfter   = time.Second            // with the new one
)

// failovers are the ways in which a primary goes while its standby takes over.
var failovers = []struct {
	name   string
	leave  func(*testing.T, *pair)
	silent bool // pgx takes up to 15 s to take leave of a connection that was given up
}{
	{"stopped", func(t *testing.T, p *pair) { p.primary.Stop(t) }, false},
	{"frozen", func(t *testing.T, p *pair) { p.primary.Freeze(t) }, true},
	{"cut off silently", func(_ *testing.T, p *pair) { p.proxy.Stall() }, true},
	{"fenced", func(t *testing.T, p *pair) { p.fence(t, "on") }, false},
}

// pair is a primary behind a proxy, and its standby.
type pair struct {
	primary, standby *testserver.Server
	proxy            *testproxy.Proxy
	dials            dials
}

func startPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{primary: testserver.StartPostgres(t, testserver.Options{})}
	p.standby = testserver.StartStandby(t, p.primary, testserver.Options{})
	p.proxy = testproxy.New(t, net.JoinHostPort(p.primary.Host, strconv.Itoa(p.primary.Port)))
	p.dials.open = make(map[string]int)
	p.admin(t, p.primary, "create table written (n int)")
	standby := openByHand(t, p.standby.Config())
	defer standby.Close()
	await(t, "the standby has the table", func() bool {
		_, err := standby.ExecContext(limit(t), "select from written")
		return err == nil
	})
	return p
}

// config is that of a pool of writers.
func (p *pair) config() conn.Config {
	cfg := p.primary.Config()
	cfg.Host, cfg.Port, cfg.Hosts = "", 0, p.hosts()
	cfg.Role, cfg.ConnectTimeout = conn.RoleWriter, 3*time.Second
	cfg.Pool.Max = writers
	return cfg
}

func (p *pair) hosts() []string {
	return []string{p.proxy.Addr(), net.JoinHostPort(p.standby.Host, strconv.Itoa(p.standby.Port))}
}

// admin runs a statement on a server, past the pool.
func (p *pair) admin(t *testing.T, s *testserver.Server, statement string) {
	t.Helper()
	db := openByHand(t, s.Config())
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, text := range []string{"set default_transaction_read_only = off", statement} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

// fence has the primary refuse writes, or take them again, in all sessions that are there and that come.
func (p *pair) fence(t *testing.T, onOff string) {
	t.Helper()
	p.admin(t, p.primary, "alter system set default_transaction_read_only = "+onOff)
	p.admin(t, p.primary, "select pg_reload_conf()")
}

// dials counts the connections that are open, by where they go.
type dials struct {
	mu   sync.Mutex
	open map[string]int
}

func (d *dials) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.add(addr, 1)
	return &dialed{TCPConn: c.(*net.TCPConn), closed: sync.OnceFunc(func() { d.add(addr, -1) })}, nil
}

func (d *dials) add(addr string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[addr] += n
}

func (d *dials) to(addr string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[addr]
}

type dialed struct {
	*net.TCPConn
	closed func()
}

func (d *dialed) Close() error {
	d.closed()
	return d.TCPConn.Close()
}

// toll is what a failover did to writers.
type toll struct {
	until  time.Duration // from the end of the promotion to the first write that succeeds
	outage int           // writes that failed before that
	failed int           // and afterwards
	old    int           // connections to the old primary at the end
}

// log prints what tools/failover makes a table of.
func (o toll) log(t *testing.T, how, client string) {
	until := fmt.Sprint(o.until.Round(time.Millisecond))
	if o.until < 0 {
		until = fmt.Sprint("not within ", patience)
	}
	t.Logf("failover: %s | %s | %s | %d | %d | %d", how, client, until, o.outage, o.failed, o.old)
}

// run has writers write while the primary goes and the standby is promoted.
func (p *pair) run(t *testing.T, write func(context.Context) error, leave func(*testing.T, *pair)) (o toll) {
	t.Helper()
	var promoted, first atomic.Int64 // times
	var wrote, outage, failed atomic.Int64
	var last atomic.Value // the last error of the outage
	start, stop := time.Now(), make(chan struct{})
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(t.Context(), writeTimeout)
				began := int64(time.Since(start))
				err := write(ctx)
				cancel()
				switch at := promoted.Load(); {
				case err == nil:
					wrote.Add(1)
					if at != 0 && began > at {
						first.CompareAndSwap(0, int64(time.Since(start)))
					}
				case first.Load() != 0 && began > first.Load():
					failed.Add(1)
					if failed.Load() <= writers {
						t.Logf("a write failed after the failover: %v", err)
					}
				default:
					outage.Add(1)
					last.Store(fmt.Sprint(err))
				}
				if err != nil {
					time.Sleep(writePause)
				}
			}
		})
	}
	end := sync.OnceFunc(func() {
		close(stop)
		all.Wait()
	})
	defer end()
	time.Sleep(writeBefore)
	if wrote.Load() == 0 || outage.Load() > 0 {
		t.Errorf("before the failover %d writes succeed and %d fail", wrote.Load(), outage.Load())
	}
	leave(t, p)
	p.standby.Promote(t)
	promoted.Store(int64(time.Since(start)))
	for first.Load() == 0 && time.Since(start) < patience {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(writeAfter)
	end()
	if first.Load() == 0 {
		o.until = -1
		t.Logf("the last error: %v", last.Load())
	} else {
		o.until = time.Duration(first.Load() - promoted.Load())
	}
	if os.Getenv(allClients) != "" { // until pgx has taken leave
		for left := time.Now(); p.dials.to(p.hosts()[0]) > 0 && time.Since(left) < 16*time.Second; {
			time.Sleep(10 * time.Millisecond)
		}
	}
	o.outage, o.failed, o.old = int(outage.Load()), int(failed.Load()), p.dials.to(p.hosts()[0])
	return o
}

// TestPostgresFailover: B8, and all else that becomes of a primary.
func TestPostgresFailover(t *testing.T) {
	for _, f := range failovers {
		t.Run(f.name, func(t *testing.T) {
			p := startPair(t)
			c, r := opens(t, p.config(), conn.WithDialer(p.dials.dial))
			o := p.run(t, insertInto(c.DB), f.leave)
			o.log(t, f.name, "Patchbay")
			if o.until < 0 || o.failed > writers {
				t.Errorf("got %+v", o)
			}
			await(t, "all connections are to the new primary", func() bool {
				return p.dials.to(p.hosts()[1]) == c.Stats().OpenConnections && (f.silent || p.dials.to(p.hosts()[0]) == 0)
			})
			if f.name == "fenced" {
				changed := of[conn.RoleChanged](r)
				if len(changed) == 0 || changed[0].Host != p.hosts()[0] || changed[0].Was != conn.RoleWriter || changed[0].Is != conn.RoleReader {
					t.Errorf("the bus hears %+v", changed)
				}
			}
		})
	}
}

func insertInto(db *sql.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "insert into written values (1)")
		return err
	}
}

// allClients is the variable that asks for the table of tools/failover.
const allClients = "PATCHBAY_TEST_FAILOVER"

// TestFailoverOfOthers prints what pgx by itself makes of the same, for the table of tools/failover.
func TestFailoverOfOthers(t *testing.T) {
	if os.Getenv(allClients) == "" {
		t.Skip(allClients + " is not set")
	}
	for _, f := range failovers {
		for name, open := range map[string]func(*testing.T, *pair) func(context.Context) error{
			"pgx over database/sql": pgxOverSQL, "pgxpool": pgxPool,
		} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				p := startPair(t)
				o := p.run(t, open(t, p), f.leave)
				o.log(t, f.name, name)
			})
		}
	}
}

// text is a connection string of pgx for both hosts.
func (p *pair) text() string {
	host, port, _ := net.SplitHostPort(p.proxy.Addr())
	return fmt.Sprintf("host=%s,%s port=%s,%d user=%s password=%s dbname=%s sslmode=disable connect_timeout=3 target_session_attrs=read-write",
		host, p.standby.Host, port, p.standby.Port, p.primary.User, p.primary.Password, p.primary.Database)
}

func pgxOverSQL(t *testing.T, p *pair) func(context.Context) error {
	config, err := pgx.ParseConfig(p.text())
	if err != nil {
		t.Fatal(err)
	}
	config.DialFunc = p.dials.dial
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(writers)
	db.SetMaxIdleConns(writers)
	t.Cleanup(func() { db.Close() })
	return insertInto(db)
}

func pgxPool(t *testing.T, p *pair) func(context.Context) error {
	config, err := pgxpool.ParseConfig(p.text())
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns, config.ConnConfig.DialFunc = writers, p.dials.dial
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return func(ctx context.Context) error {
		_, err := pool.Exec(ctx, "insert into written values (1)")
		return err
	}
}
