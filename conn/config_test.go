package conn_test

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// speaking is a fake that reads connection strings: what follows "db=" is the database.
type speaking struct{ *fake }

func (s speaking) ParseDSN(dsn string) (registry.Config, error) {
	name, ok := strings.CutPrefix(dsn, "db=")
	if !ok {
		return registry.Config{}, errors.New("the DSN cannot be read")
	}
	return registry.Config{Host: "other", Database: name, Pool: registry.Pool{Min: 1, Max: 7}}, nil
}

func (s speaking) Import(cfg *registry.Config) error {
	if cfg.AppName == "" {
		cfg.AppName = cfg.Params["app"]
	}
	delete(cfg.Params, "app")
	return nil
}

func newSpeaking() *fake {
	f := newFake()
	f.registry = new(registry.Registry)
	f.registry.Register(speaking{f})
	return f
}

func TestTheDriversOwnWordsAreRead(t *testing.T) {
	f := newSpeaking()
	var got registry.Config
	f.change = func(cfg *registry.Config, _ registry.Env) { got = *cfg }
	given := conn.Config{Host: "mine", DSN: conn.NewSecret("db=shop"), Pool: conn.Pool{Max: 3}, Params: map[string]string{"app": "till"}}
	c, _, err := openFake(t, f, given)
	if err != nil {
		t.Fatal(err)
	}
	if got.Host != "mine" || got.Database != "shop" || got.AppName != "till" || !got.DSN.IsZero() || c.Stats().MaxOpenConnections != 3 {
		t.Errorf("opened with %+v, %+v", got, c.Stats())
	}
	given.Dialect = "fake"
	if !c.Config().Equal(given) { // which the manager compares
		t.Errorf("the config is %v", c.Config())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	f.change = nil
	if err := conn.Test(t.Context(), given, conn.WithRegistry(f.registry)); err != nil || f.dials() != 2 {
		t.Errorf("Test warms a pool: %d dials, %v", f.dials(), err)
	}
	for what, cfg := range map[string]conn.Config{
		"DSN":      {DSN: conn.NewSecret("hunter2")},
		"param":    {Params: map[string]string{"app": "x", "ap": "hunter2"}},
		"password": {Params: map[string]string{"Password": "hunter2"}},
	} {
		if _, _, err := openFake(t, f, cfg); conn.KindOf(err) == conn.KindUnreachable || err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := openFake(t, newFake(), conn.Config{DSN: conn.NewSecret("db=shop")}); conn.KindOf(err) != conn.KindConfig {
		t.Errorf("a driver without connection strings: %v", err)
	}
}

// logins is a fake that keeps what it logs in with.
func logins(f *fake, refuse func(registry.Login) bool) *[]string {
	var all []string
	f.connect = func(ctx context.Context, _ int, env registry.Env) error {
		for _, refused := range []bool{false, true} {
			login, err := env.Credentials(ctx, refused)
			if err != nil {
				return err
			}
			all = append(all, login.User+":"+login.Password.Reveal())
			if refuse == nil || !refuse(login) {
				return nil
			}
		}
		return errAuth
	}
	return &all
}

func TestThePasswordFileIsReadForEveryConnection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	f := newFake()
	used := logins(f, nil)
	cfg := conn.Config{User: "app", PasswordFile: file, Pool: conn.Pool{MaxIdle: -1}}
	c, _, err := openFake(t, f, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	write("two\n")
	if err := c.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
	if got := strings.Join(*used, " "); got != "app:one app:two" {
		t.Errorf("logged in as %s", got)
	}
	function := conn.WithCredentials(func(_ context.Context, r conn.LoginRequest) (conn.Login, error) {
		return conn.Login{User: "function", Password: conn.NewSecret(r.Config.User)}, nil
	})
	cfg.PasswordFile = filepath.Join(t.TempDir(), "missing")
	over, _, err := openFake(t, f, cfg, function)
	if err != nil {
		t.Fatal(err)
	}
	defer over.Close()
	if got := (*used)[len(*used)-1]; got != "function:app" {
		t.Errorf("beside WithCredentials: %s", got)
	}
	if _, _, err := openFake(t, f, cfg); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	cfg.Password = conn.NewSecret("hunter2")
	if _, _, err := openFake(t, f, cfg); conn.KindOf(err) != conn.KindConfig {
		t.Errorf("a password and a file: %v", err)
	}
}

func TestAProviderGivesTheLogin(t *testing.T) {
	var asked atomic.Int32
	name := rand.Text() // which no other run has registered
	credentials.Register(name, func(options map[string]string) (credentials.Func, error) {
		if err := credentials.Options(options, "role!"); err != nil {
			return nil, err
		}
		return func(_ context.Context, r credentials.Request) (registry.Login, error) {
			asked.Add(1)
			password := "old"
			if r.Refused {
				password = "new"
			}
			return registry.Login{User: options["role"], Password: registry.NewSecret(password)}, nil
		}, nil
	})
	f := newFake()
	used := logins(f, func(l registry.Login) bool { return l.Password.Reveal() == "old" })
	cfg := conn.Config{Credentials: conn.Credentials{Provider: name, Options: map[string]string{"role": "billing"}}}
	c, _, err := openFake(t, f, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := strings.Join(*used, " "); got != "billing:old billing:new" || asked.Load() != 2 {
		t.Errorf("logged in as %s", got)
	}
	for _, wrong := range []conn.Credentials{{Provider: "nobody"}, {Provider: cfg.Credentials.Provider}, {Options: map[string]string{"a": "b"}}} {
		if _, _, err := openFake(t, f, conn.Config{Credentials: wrong}); conn.KindOf(err) != conn.KindConfig {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

func TestLazyDoesNotWaitForTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = always(errRefused)
		start := time.Now()
		c, r, err := openFake(t, f, conn.Config{Lazy: true})
		if err != nil || f.dials() != 0 || len(r.names()) != 0 {
			t.Fatalf("%d dials, %v: %v", f.dials(), r.names(), err)
		}
		if pending, err := c.Pending(); !pending || err != nil {
			t.Errorf("before the first attempt it is pending %t, %v", pending, err)
		}
		ping := func(want error) {
			t.Helper()
			if err := c.PingContext(t.Context()); !errors.Is(err, want) {
				t.Error(err)
			}
		}
		for range 3 { // of failures that follow each other the bus hears once
			ping(errRefused)
		}
		var failure *conn.Error
		if pending, err := c.Pending(); !pending || !errors.As(err, &failure) || failure.Attempts != 3 || failure.Kind != conn.KindUnreachable || failure.Name != "orders" {
			t.Errorf("after three attempts it is pending %t, %v", pending, err)
		}
		f.connect = always(errAuth)
		ping(errAuth)
		time.Sleep(time.Second)
		ping(errAuth)
		failed := of[conn.Failed](r)
		if len(failed) != 3 || failed[0].Kind != conn.KindUnreachable || failed[1].Kind != conn.KindAuth || failed[2].Kind != conn.KindAuth {
			t.Errorf("failed %+v", failed)
		}
		f.connect = nil
		time.Sleep(time.Minute - time.Since(start)) // a server that is down is not tried at once again
		for range 2 {
			if err := c.PingContext(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if opened := of[conn.Opened](r); len(opened) != 1 || opened[0] != (conn.Opened{Name: "orders", Dialect: "fake", Attempts: 6, Took: time.Minute}) {
			t.Errorf("opened %+v", opened)
		}
		if pending, err := c.Pending(); pending || err != nil {
			t.Errorf("when it is up it is pending %t, %v", pending, err)
		}
		f.connect = always(errRefused)
		busy, err := c.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ping(errRefused) // on another one
		if err := busy.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.Pending(); err != nil || len(of[conn.Failed](r)) != 3 {
			t.Errorf("of a failure later on: %v, %v", err, r.names())
		}
		f.connect = nil
		if err := c.Close(); err != nil || len(of[conn.Closed](r)) != 1 {
			t.Errorf("%v: %v", r.names(), err)
		}

		never, r, err := openFake(t, f, conn.Config{Lazy: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := never.Close(); err != nil || len(r.names()) != 0 {
			t.Errorf("of a pool that was never up listeners hear %v: %v", r.names(), err)
		}
		if _, _, err := openFake(t, f, conn.Config{Lazy: true, Port: -1}); conn.KindOf(err) != conn.KindConfig {
			t.Errorf("a wrong config: %v", err)
		}
		f.connect = always(errAuth)
		err = conn.Test(t.Context(), conn.Config{Dialect: "fake", Lazy: true}, conn.WithRegistry(f.registry))
		if conn.KindOf(err) != conn.KindAuth {
			t.Errorf("Test is lazy: %v", err)
		}
	})
}

// Listeners hear of the end of a lazy pool after its opening, also where they end it themselves.
func TestALazyPoolIsOpenedBeforeItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, during := range map[string]func(c *conn.Conn){
			"by the listener": func(c *conn.Conn) { _ = c.Close() },
			"meanwhile": func(c *conn.Conn) {
				go c.Close()
				time.Sleep(time.Minute)
			},
		} {
			f, bus := newFake(), observer.New()
			var c *conn.Conn
			var heard []string
			observer.On(bus, func(e observer.Event) {
				if _, ok := e.(conn.Opened); ok {
					during(c)
				}
				heard = append(heard, e.EventName())
			})
			c, err := conn.Open(t.Context(), conn.Config{Dialect: "fake", Lazy: true}, conn.WithRegistry(f.registry), conn.WithObserver(bus))
			if err != nil {
				t.Fatal(err)
			}
			_ = c.PingContext(t.Context()) // what is closed meanwhile may refuse
			synctest.Wait()
			if got := strings.Join(heard, " "); got != "connection:dial connection:open connection:close" {
				t.Errorf("closed %s, listeners hear %s", name, got)
			}
		}
	})
}

func TestALazyPoolIsFilledInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = always(errRefused)
		c, r, err := openFake(t, f, conn.Config{Lazy: true, Pool: conn.Pool{Min: 3}})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if f.dials() != 1 { // of which several would lock an account
			t.Errorf("%d dials at once", f.dials())
		}
		f.mu.Lock()
		f.connect = nil
		f.mu.Unlock()
		time.Sleep(time.Minute)
		if f.alive() != 3 || len(of[conn.Opened](r)) != 1 {
			t.Errorf("%d connections: %v", f.alive(), r.names())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestMaxIdle(t *testing.T) {
	for most, want := range map[int]int{0: 4, 2: 2, -1: 0} {
		f := newFake()
		c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Max: 4, MaxIdle: most}})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			one, err := c.DB.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := one.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		t.Cleanup(func() { // after the connections are back
			if idle := c.Stats().Idle; idle != want {
				t.Errorf("with MaxIdle %d, %d are idle", most, idle)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWithSessionPreparesEveryConnection(t *testing.T) {
	f := newFake()
	var order []string
	prepare := func(name string) conn.Option {
		return conn.WithSession(func(_ context.Context, dc driver.Conn) error {
			if _, ok := dc.(*fakeConn); !ok {
				t.Errorf("got a %T", dc)
			}
			order = append(order, name)
			return nil
		})
	}
	c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{MaxIdle: -1}}, prepare("a"), prepare("b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PingContext(t.Context()); err != nil || strings.Join(order, "") != "abab" {
		t.Errorf("%v: %v", order, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for name, fails := range map[string]func(context.Context, driver.Conn) error{
		"an error": func(context.Context, driver.Conn) error { return errAuth },
		"a panic":  func(context.Context, driver.Conn) error { panic(errAuth) },
	} {
		f := newFake()
		if _, _, err := openFake(t, f, conn.Config{}, conn.WithSession(fails)); !errors.Is(err, errAuth) || len(f.conns()) != 0 {
			t.Errorf("%s: %d connections are left: %v", name, len(f.conns()), err)
		}
	}
}
