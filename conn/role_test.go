package conn_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/observer"
)

// inRole returns how to open s, and others after it, for the role.
func inRole(role conn.Role, s *testserver.Server, others ...*testserver.Server) conn.Config {
	cfg := s.Config()
	cfg.Host, cfg.Port, cfg.Hosts, cfg.Role = "", 0, []string{addr(s.Config())}, role
	for _, other := range others {
		cfg.Hosts = append(cfg.Hosts, addr(other.Config()))
	}
	cfg.Pool.Max = writers
	return cfg
}

// portOf returns which server a pool is connected to.
func portOf(t *testing.T, c *conn.Conn) (port int) {
	t.Helper()
	query := "SELECT @@port"
	if c.Dialect() == "postgres" {
		query = "SELECT current_setting('port')::int"
	}
	if err := c.QueryRowContext(limit(t), query).Scan(&port); err != nil {
		t.Fatal(err)
	}
	return port
}

// do runs statements on a server as its administrator.
func do(t *testing.T, s *testserver.Server, statements ...string) {
	t.Helper()
	db := openByHand(t, s.Config())
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(limit(t), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestRolesOfPostgres: a standby is a reader, with its primary or alone, and Open finds the one that is wanted.
func TestRolesOfPostgres(t *testing.T) {
	primary := testserver.StartPostgres(t, testserver.Options{})
	standby := testserver.StartStandby(t, primary, testserver.Options{})
	for _, c := range []struct {
		role  conn.Role
		hosts []*testserver.Server
		want  *testserver.Server // nil: none
	}{
		{conn.RoleWriter, []*testserver.Server{standby, primary}, primary},
		{conn.RoleReader, []*testserver.Server{primary, standby}, standby},
		{conn.RolePreferReader, []*testserver.Server{primary, standby}, standby},
		{conn.RolePreferReader, []*testserver.Server{primary}, primary},
		{conn.RoleAny, []*testserver.Server{standby, primary}, standby},
		{conn.RoleWriter, []*testserver.Server{standby}, nil},
		{conn.RoleReader, []*testserver.Server{primary}, nil},
	} {
		db, _, err := trial(limit(t), t, once(inRole(c.role, c.hosts[0], c.hosts[1:]...)))
		switch {
		case c.want == nil:
			if conn.KindOf(err) != conn.KindRole || !strings.Contains(err.Error(), "not a "+c.role.String()) {
				t.Errorf("%v alone: %v", c.role, err)
			}
		case err != nil:
			t.Errorf("%v of %d: %v", c.role, len(c.hosts), err)
		default:
			if got := portOf(t, db); got != c.want.Port {
				t.Errorf("%v of %d: the wrong server", c.role, len(c.hosts))
			}
		}
	}

	// A host by itself, without a list, is checked, too.
	cfg := once(standby.Config())
	cfg.Role = conn.RoleWriter
	if _, _, err := trial(limit(t), t, cfg); conn.KindOf(err) != conn.KindRole {
		t.Errorf("a single host: %v", err)
	}

	// A standby that is promoted keeps its sessions. It is no reader any more, and preferReader does not mind.
	strict, _ := opens(t, once(inRole(conn.RoleReader, standby)))
	prefers, _ := opens(t, once(inRole(conn.RolePreferReader, standby)))
	standby.Promote(t)
	await(t, "a reader leaves a server that became a writer", func() bool {
		return conn.KindOf(strict.PingContext(limit(t))) == conn.KindRole
	})
	if err := prefers.PingContext(limit(t)); err != nil {
		t.Errorf("preferReader: %v", err)
	}
}

// TestOpenWaitsForAFailover: B9.
func TestOpenWaitsForAFailover(t *testing.T) {
	primary := testserver.StartPostgres(t, testserver.Options{})
	standby := testserver.StartStandby(t, primary, testserver.Options{})
	gone, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	cfg := inRole(conn.RoleWriter, standby)
	cfg.Hosts = append([]string{"127.0.0.1:" + strconv.Itoa(gone)}, cfg.Hosts...)
	_, _, err = trial(limit(t), t, once(cfg))
	var each []*conn.HostError
	var failed *conn.Error
	if errors.As(err, &failed) {
		for _, e := range failed.Err.(interface{ Unwrap() []error }).Unwrap() {
			each = append(each, e.(*conn.HostError))
		}
	}
	if conn.KindOf(err) != conn.KindRole || !strings.Contains(err.Error(), "refused") || !strings.Contains(err.Error(), "is a reader, not a writer") ||
		len(each) != 2 || each[0].Kind != conn.KindUnreachable || each[1].Kind != conn.KindRole || each[1].Role != conn.RoleReader {
		t.Errorf("it says %v", err)
	}

	cfg.Retry = conn.Retry{Max: 10_000, Delay: 10 * time.Millisecond, MaxDelay: 10 * time.Millisecond}
	bus := observer.New()
	var promoted sync.WaitGroup
	defer promoted.Wait()
	promote := sync.OnceFunc(func() { promoted.Go(func() { standby.Promote(t) }) })
	defer observer.On(bus, func(conn.Retrying) { promote() })()
	c, err := conn.Open(limit(t), cfg, conn.WithObserver(bus))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := portOf(t, c); got != standby.Port {
		t.Errorf("it opens port %d", got)
	}
}

// application makes a user that is no administrator, whom read_only binds, and a table, and returns his config for a writer.
func application(t *testing.T, all ...*testserver.Server) conn.Config {
	t.Helper()
	for _, s := range all {
		do(t, s, "CREATE USER app@'%' IDENTIFIED BY 'pw of app'", "GRANT ALL ON "+s.Database+".* TO app@'%'", "CREATE TABLE written (n INT)")
	}
	cfg := inRole(conn.RoleWriter, all[0], all[1:]...)
	cfg.User, cfg.Password = "app", conn.NewSecret("pw of app")
	return cfg
}

// TestMariaDBBecomesReadOnly: B8, under load.
func TestMariaDBBecomesReadOnly(t *testing.T) {
	old, now := testserver.StartMariaDB(t, testserver.Options{}), testserver.StartMariaDB(t, testserver.Options{})
	cfg := application(t, old, now)
	diagnose := func(c *conn.Conn, err error) conn.Kind { return c.Diagnose(err).Kind }
	for _, way := range []struct {
		encrypted bool // the driver cannot hear what is refused
		interval  time.Duration
		kindOf    func(*conn.Conn, error) conn.Kind
	}{
		{false, time.Hour, func(_ *conn.Conn, err error) conn.Kind { return conn.KindOf(err) }},
		{true, 100 * time.Millisecond, func(_ *conn.Conn, err error) conn.Kind { return conn.KindOf(err) }},
		{true, time.Hour, diagnose},
	} {
		do(t, old, "SET GLOBAL read_only = 0")
		if way.encrypted {
			cfg.TLS = old.TLS()
			cfg.TLS.SkipHostname = true
		}
		d := dials{open: make(map[string]int)}
		c, r := opens(t, cfg, conn.WithCheckInterval(way.interval), conn.WithDialer(d.dial))
		var wrote, failed atomic.Int32
		stop := make(chan struct{})
		var all sync.WaitGroup
		end := sync.OnceFunc(func() {
			close(stop)
			all.Wait()
		})
		defer end()
		for range writers {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := c.ExecContext(limit(t), "INSERT INTO written VALUES (1)"); err == nil {
						wrote.Add(1)
					} else if failed.Add(1); way.kindOf(c, err) != conn.KindReadOnly {
						t.Errorf("a write fails with %v", err)
					}
				}
			})
		}
		await(t, "writes", func() bool { return wrote.Load() > 100 })
		do(t, old, "SET GLOBAL read_only = 1")
		start := time.Now()
		await(t, "all connections are to the other server", func() bool {
			return d.to(addr(old.Config())) == 0 && d.to(addr(now.Config())) == c.Stats().OpenConnections
		})
		took := time.Since(start)
		end()
		t.Logf("encrypted: %v, asked every %v: %d writes failed of %d in %v", way.encrypted, way.interval, failed.Load(), wrote.Load()+failed.Load(), took)
		if n := failed.Load(); !way.encrypted && (n == 0 || n > writers) {
			t.Errorf("%d writes fail over %d connections", n, writers)
		}
		changed := of[conn.RoleChanged](r)
		if len(changed) == 0 || changed[0].Host != addr(old.Config()) || changed[0].Was != conn.RoleWriter || changed[0].Is != conn.RoleReader {
			t.Errorf("the bus hears %+v", changed)
		}
	}
}

// TestKeeperAsksForTheRole in a pool that nobody uses, and that has no Min.
func TestKeeperAsksForTheRole(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	cfg := application(t, s)
	c, r := opens(t, cfg, conn.WithCheckInterval(50*time.Millisecond))
	do(t, s, "SET GLOBAL read_only = 1")
	await(t, "the connection is closed", func() bool { return c.Stats().OpenConnections == 0 })
	if err := c.PingContext(limit(t)); conn.KindOf(err) != conn.KindRole {
		t.Errorf("it connects: %v", err)
	}
	do(t, s, "SET GLOBAL read_only = 0")
	if err := c.PingContext(limit(t)); err != nil {
		t.Error(err)
	}
	if changed := of[conn.RoleChanged](r); len(changed) != 2 || changed[1].Is != conn.RoleWriter {
		t.Errorf("the bus hears %+v", changed)
	}
}

// TestAListenerToARoleMayShutDown waits for all connections of its pool, also for the one that the keeper asked over.
func TestAListenerToARoleMayShutDown(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	bus, opened, ended := observer.New(), make(chan *conn.Conn, 1), make(chan error, 1)
	observer.On(bus, func(conn.RoleChanged) { ended <- (<-opened).Shutdown(limit(t)) })
	c, err := conn.Open(limit(t), application(t, s), conn.WithCheckInterval(50*time.Millisecond), conn.WithObserver(bus))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	opened <- c
	start := time.Now()
	do(t, s, "SET GLOBAL read_only = 1")
	if err := <-ended; err != nil {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// TestThePoolHearsOfARefusedWrite where the driver does not: from InTx, and from a program that asks what an error means.
func TestThePoolHearsOfARefusedWrite(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	cfg := application(t, s)
	cfg.TLS = s.TLS()
	cfg.TLS.SkipHostname = true
	const insert = "INSERT INTO written VALUES (1)"
	for how, write := range map[string]func(*conn.Conn) conn.Kind{
		"InTx": func(c *conn.Conn) conn.Kind {
			return conn.KindOf(c.InTx(limit(t), nil, func(tx *sql.Tx) error {
				_, err := tx.ExecContext(limit(t), insert)
				return err
			}))
		},
		"Diagnose": func(c *conn.Conn) conn.Kind {
			_, err := c.ExecContext(limit(t), insert)
			return c.Diagnose(err).Kind
		},
	} {
		do(t, s, "SET GLOBAL read_only = 0")
		c, r := opens(t, cfg, conn.WithCheckInterval(time.Hour))
		do(t, s, "SET GLOBAL read_only = 1")
		if kind := write(c); kind != conn.KindReadOnly {
			t.Errorf("%s: it fails with %v", how, kind)
		}
		await(t, "the connection is closed", func() bool { return c.Stats().OpenConnections == 0 })
		if changed := of[conn.RoleChanged](r); len(changed) != 1 || conn.KindOf(changed[0].Err) != conn.KindReadOnly {
			t.Errorf("%s: the bus hears %+v", how, changed)
		}
	}
}

// TestClusterNodeWithoutQuorum: a cluster of two that loses one. No connection stays with the other until it is whole again.
func TestClusterNodeWithoutQuorum(t *testing.T) {
	nodes := testserver.StartGalera(t, 2)
	do(t, nodes[0], "CREATE TABLE written (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
	cfg := inRole(conn.RoleWriter, nodes[0], nodes[1])
	cfg.HostOrder, cfg.ConnectTimeout = conn.HostsRandom, 3*time.Second
	d := dials{open: make(map[string]int)}
	c, r := opens(t, cfg, conn.WithDialer(d.dial), conn.WithCheckInterval(100*time.Millisecond))
	insert := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := c.ExecContext(ctx, "INSERT INTO written (n) VALUES (1)")
		return err
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	end := sync.OnceFunc(func() {
		close(stop)
		all.Wait()
	})
	defer end()
	var wrote atomic.Int32
	for range writers {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := insert(); err == nil {
					wrote.Add(1)
				} else {
					time.Sleep(writePause)
				}
			}
		})
	}
	await(t, "writes", func() bool { return wrote.Load() > 50 })
	nodes[1].Kill(t)
	await(t, "KindRole", func() bool {
		err := insert()
		return err != nil && (conn.KindOf(err) == conn.KindRole || conn.KindOf(err) == conn.KindStarting)
	})
	await(t, "no connection", func() bool { return c.Stats().Idle == 0 && d.to(addr(nodes[0].Config())) <= writers })
	end()
	await(t, "no connection at all", func() bool { return d.to(addr(nodes[0].Config())) == 0 && c.Stats().OpenConnections == 0 })
	do(t, nodes[0], "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
	await(t, "writes again", func() bool { return insert() == nil })
	for _, e := range of[conn.RoleChanged](r) {
		t.Logf("%+v", e)
	}
}

// TestRoundTripsOfRoles: none more on PostgreSQL, where the login tells, and one on MariaDB.
func TestRoundTripsOfRoles(t *testing.T) {
	for dialect, more := range map[string]int{"postgres": 0, "mysql": 1} {
		cfg, proxy := through(t, servers[dialect](t))
		plain := trips(t, cfg, proxy, openWith)
		cfg.Role = conn.RoleWriter
		if n := trips(t, cfg, proxy, openWith); n != plain+more {
			t.Errorf("%s: opening takes %d round trips, and with a role %d", dialect, plain, n)
		}
	}
}
