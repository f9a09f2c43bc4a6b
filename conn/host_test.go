package conn_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// cluster is a database on several hosts, each of which does what the test says.
type cluster struct {
	registry *registry.Registry

	mu     sync.Mutex
	does   map[string]func(ctx context.Context) error // by host; nil: succeed
	role   map[string]driver.Value                    // what RoleQuery answers; nil: 1
	dialed []string
	open   int
}

var (
	errStarting = errors.New("starting")
	errTooMany  = errors.New("too many")
	errTLS      = errors.New("no agreement")
	errBlocked  = errors.New("blocked")
	errNone     = errors.New("no database")
	errConfig   = errors.New("config")
)

func newCluster() *cluster {
	c := &cluster{registry: new(registry.Registry), does: make(map[string]func(context.Context) error), role: make(map[string]driver.Value)}
	c.registry.Register(c)
	return c
}

func (c *cluster) Info() registry.Info {
	return registry.Info{Dialect: "cluster", Port: 99, RoleQuery: "role"}
}

func (c *cluster) Diagnose(err error) (d registry.Diagnosis) {
	for known, kind := range map[error]registry.Kind{
		errAuth: registry.KindAuth, errRefused: registry.KindUnreachable, errLost: registry.KindLost, errStarting: registry.KindStarting,
		errTooMany: registry.KindTooMany, errTLS: registry.KindTLS, errBlocked: registry.KindBlocked, errNone: registry.KindNoDatabase,
		errConfig: registry.KindConfig,
	} {
		if errors.Is(err, known) {
			d.Kind = kind
		}
	}
	return d
}

func (c *cluster) Connector(cfg registry.Config, _ registry.Env) (driver.Connector, error) {
	if len(cfg.Hosts) > 0 {
		return nil, &registry.ConfigError{Field: "hosts"}
	}
	return &member{c, cfg.Host}, nil
}

// set says what a host does from now on.
func (c *cluster) set(host string, does func(context.Context) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.does[host] = does
}

func failing(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func frozen(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

type member struct {
	*cluster
	host string
}

func (m *member) Driver() driver.Driver { return nil }

func (m *member) Connect(ctx context.Context) (driver.Conn, error) {
	m.mu.Lock()
	m.dialed = append(m.dialed, m.host)
	does := m.does[m.host]
	m.mu.Unlock()
	if does != nil {
		if err := does(ctx); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open++
	return &memberConn{member: m}, nil
}

type memberConn struct {
	*member
	closed bool
}

func (c *memberConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *memberConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *memberConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.open--
	}
	c.closed = true
	return nil
}

func (c *memberConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if role, ok := c.role[c.host]; ok && query == "role" {
		return &answered{value: role}, nil
	}
	return &answered{value: int64(1)}, nil
}

// answered is a row with one value.
type answered struct {
	one
	value driver.Value
}

func (a *answered) Next(row []driver.Value) error {
	err := a.one.Next(row)
	row[0] = a.value
	return err
}

func (c *cluster) config(hosts ...string) conn.Config {
	return conn.Config{Dialect: "cluster", Hosts: hosts, Retry: conn.Retry{Max: -1}}
}

// at opens the cluster and returns the host that the first connection is to.
func (c *cluster) at(t *testing.T, cfg conn.Config) (string, error) {
	t.Helper()
	db, err := conn.Open(t.Context(), cfg, conn.WithRegistry(c.registry), conn.WithObserver(nil))
	if err != nil {
		return "", err
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if c.open != 0 {
			t.Errorf("%d connections are left", c.open)
		}
	}()
	one, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	var host string
	if err := one.Raw(func(dc any) error {
		host = dc.(*memberConn).host
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return host, nil
}

func TestTheNextHostIsTriedOnlyWhereItMayHelp(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind conn.Kind
		next bool
	}{
		{errRefused, conn.KindUnreachable, true},
		{errStarting, conn.KindStarting, true},
		{errTooMany, conn.KindTooMany, true},
		{errLost, conn.KindLost, true},
		{errTLS, conn.KindTLS, true},
		{errAuth, conn.KindAuth, false},
		{errNone, conn.KindNoDatabase, false},
		{errBlocked, conn.KindBlocked, false},
		{errConfig, conn.KindConfig, false},
		{errors.New("unknown"), conn.KindUnknown, false},
	} {
		db := newCluster()
		db.set("a", failing(c.err))
		host, err := db.at(t, db.config("a", "b"))
		if c.next != (host == "b") || c.next != (err == nil) {
			t.Errorf("after %v: at %q, %v", c.err, host, err)
		}
		if !c.next && conn.KindOf(err) != c.kind {
			t.Errorf("after %v the kind is %v", c.err, conn.KindOf(err))
		}
		db.set("b", failing(c.err))
		if _, err = db.at(t, db.config("a", "b")); conn.KindOf(err) != c.kind {
			t.Errorf("with %v of all the kind is %v", c.err, conn.KindOf(err))
		}
		var one *conn.HostError
		if !errors.As(err, &one) || one.Host != "a:99" || one.Kind != c.kind || one.Err != c.err {
			t.Errorf("with %v of all there is %+v", c.err, one)
		}
	}
}

// B9: the message holds all hosts, and the kind is that of the first that was reached.
func TestTheErrorNamesAllHosts(t *testing.T) {
	db := newCluster()
	db.set("a", failing(errRefused))
	db.role["b"] = int64(0)
	cfg := db.config("a", "b")
	cfg.Role = conn.RoleWriter
	_, err := db.at(t, cfg)
	const want = "cluster a:99,b:99: a:99: refused; b:99: the server is a reader, not a writer"
	if conn.KindOf(err) != conn.KindRole || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v: %v", conn.KindOf(err), err)
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		role conn.Role
		a, b driver.Value
		want string
	}{
		{conn.RoleAny, int64(0), int64(1), "a"},
		{conn.RoleWriter, int64(0), int64(1), "b"},
		{conn.RoleReader, int64(1), int64(0), "b"},
		{conn.RolePreferReader, int64(1), int64(0), "b"},
		{conn.RolePreferReader, int64(1), int64(1), "a"},
		{conn.RolePreferReader, int64(1), nil, "a"},
		{conn.RolePreferReader, nil, int64(0), "b"},
		{conn.RoleWriter, nil, int64(0), ""},
		{conn.RoleReader, int64(1), int64(1), ""},
	} {
		db := newCluster()
		db.role["a"], db.role["b"] = c.a, c.b
		cfg := db.config("a", "b")
		cfg.Role = c.role
		host, err := db.at(t, cfg)
		if host != c.want || host == "" && conn.KindOf(err) != conn.KindRole {
			t.Errorf("%v of %v and %v: at %q, %v", c.role, c.a, c.b, host, err)
		}
	}
	db := newFake()
	if _, _, err := openFake(t, db, conn.Config{Role: conn.RoleWriter}); conn.KindOf(err) != conn.KindConfig {
		t.Errorf("a dialect that tells no roles: %v", err)
	}
}

func TestHostsInRandomOrder(t *testing.T) {
	db := newCluster()
	cfg := db.config("a", "b", "c")
	cfg.HostOrder = conn.HostsRandom
	seen := make(map[string]bool)
	for range 200 {
		host, err := db.at(t, cfg)
		if err != nil {
			t.Fatal(err)
		}
		seen[host] = true
	}
	if len(seen) != 3 {
		t.Errorf("connections went to %v alone", seen)
	}
}

// B7: a host that is silent gets its share of the time, and the others the rest.
func TestASilentHostGetsItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			hosts   []string
			timeout time.Duration
			took    time.Duration
		}{
			{[]string{"a", "b"}, 0, 5 * time.Second},
			{[]string{"a", "b"}, 3 * time.Second, 1500 * time.Millisecond},
			{[]string{"a", "c", "b"}, 10 * time.Second, 10 * time.Second / 3 * 2},
			{[]string{"a", "c", "b"}, 2500 * time.Millisecond, 1750 * time.Millisecond}, // 1 s, and half of what is left
			{[]string{"a", "b"}, time.Second, 500 * time.Millisecond},
		} {
			start := time.Now()
			db := newCluster()
			db.set("a", frozen)
			db.set("c", frozen)
			cfg := db.config(c.hosts...)
			cfg.ConnectTimeout = c.timeout
			host, err := db.at(t, cfg)
			if took := time.Since(start); host != "b" || err != nil || took.Round(10*time.Millisecond) != c.took.Round(10*time.Millisecond) {
				t.Errorf("%v within %v: at %q, %v, after %v, want %v", c.hosts, c.timeout, host, err, took, c.took)
			}
		}
	})
}

// An encoder sees no more of a HostError than of an Error: a driver may keep a password in what it returns.
func TestHostErrorIsEncodedAsText(t *testing.T) {
	err := &conn.HostError{Host: "a:1", Kind: conn.KindAuth, Err: struct {
		error
		Password string
	}{errAuth, "geheim"}}
	text, failed := json.Marshal(map[string]any{"err": err})
	if failed != nil || string(text) != `{"err":"a:1: wrong password"}` {
		t.Errorf("%s, %v", text, failed)
	}
}

// A pool that is busy gives the keeper a connection late. The question that follows has the time of its own.
func TestTheRoleIsAskedOfABusyPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		cfg := db.config("a")
		cfg.Role, cfg.Pool.Max, cfg.ConnectTimeout = conn.RoleWriter, 1, 300*time.Millisecond
		c, err := conn.Open(t.Context(), cfg, conn.WithRegistry(db.registry), conn.WithObserver(nil))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		one, err := c.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for c.Stats().WaitCount == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(500 * time.Millisecond)
		if err := one.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := c.Stats().OpenConnections; n != 1 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// countedRole is the answer to a RoleQuery, which counts how often it is read.
type countedRole struct{ n atomic.Int32 }

func (r *countedRole) String() string { r.n.Add(1); return "1" }

// A dialect without sockets, such as one of files, is asked for its role as seldom as any other.
func TestTheRoleIsAskedAtEachCheckAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, role := newCluster(), new(countedRole)
		db.role["a"] = role
		cfg := db.config("a")
		cfg.Role = conn.RoleWriter
		c, err := conn.Open(t.Context(), cfg, conn.WithRegistry(db.registry), conn.WithObserver(nil), conn.WithCheckInterval(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		time.Sleep(10 * time.Minute)
		if n := role.n.Load(); n < 10 || n > 14 {
			t.Errorf("asked %d times in ten minutes", n)
		}
	})
}
