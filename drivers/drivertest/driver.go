package drivertest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// What the contract in package registry asks of a driver, apart from a database.
var driverBehaviours = []behaviour{
	{says: "Info is the same every time, and a copy of its own", check: infoIsStable},
	{says: "every name is found in a registry", check: namesAreFound},
	{says: "a connector is made without network or files", check: connectorDoesNoIO},
	{says: "a config with nothing in it is taken or refused", check: zeroConfigIsHandled},
	{says: "an unknown param is refused by its name", check: unknownParamIsRefused},
	{says: "a field without a meaning is refused by its name", check: uselessFieldIsRefused},
	{says: "a connector is used by many goroutines", check: connectorIsConcurrent},
	{says: "a connector may be closed twice", check: connectorClosesTwice},
	{says: "a connector heeds a context that has ended", check: connectorHeedsContext},
	{says: "an error of others has no diagnosis", check: foreignErrorsHaveNoDiagnosis},
	{says: "every network connection is handed to Watch, and what that returns is used", check: watchGetsEverySocket, needs: []Ability{Network}},
}

func infoIsStable(c check) {
	first := c.Driver.Info()
	want := first
	want.Aliases = append([]string(nil), first.Aliases...)
	for i := range first.Aliases {
		first.Aliases[i] = "changed"
	}
	got := c.Driver.Info()
	if len(got.Aliases) == 0 {
		got.Aliases, want.Aliases = nil, nil
	}
	if !reflect.DeepEqual(got, want) {
		c.Errorf("Info was %+v and is %+v after a caller changed its copy", want, got)
	}
}

func namesAreFound(c check) {
	r := new(registry.Registry)
	r.Register(c.Driver) // panics at a name that no URL can start with
	for _, name := range append([]string{c.info.Dialect}, c.info.Aliases...) {
		d, err := r.Lookup(name)
		if err != nil {
			c.Errorf("Lookup(%q): %v", name, err)
		} else if got := d.Info().Dialect; got != c.info.Dialect {
			c.Errorf("Lookup(%q) finds %q", name, got)
		}
	}
	if known, ok := registry.Describe(c.info.Dialect); ok {
		got := c.Driver.Info()
		got.DriverName, got.Placeholder, got.Quotes, got.SingleWriter = "", "", "", false // which only the driver knows
		got.TestQuery, got.VersionQuery, got.RoleQuery, got.QueryArgs, got.Levels = "", "", "", nil, nil
		if !reflect.DeepEqual(known, got) {
			c.Errorf("Info is %+v, but the dialect is known as %+v", got, known)
		}
	}
}

func connectorDoesNoIO(c check) {
	cfg, dir := c.config(), c.TempDir()
	if c.can(Network) {
		cfg.Host, cfg.Port = "192.0.2.1", 9 // nobody's: https://www.rfc-editor.org/rfc/rfc5737
	} else if c.can(Databases) {
		cfg.Filename, cfg.Database = filepath.Join(dir, "new"), ""
	}
	env := registry.Env{Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
		c.Errorf("%s was dialed", addr)
		return nil, errors.ErrUnsupported
	}}
	before := c.now()
	err := c.wait(func() error {
		_, err := c.Driver.Connector(cfg, env)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	c.nothingLeft(before)
	if made, err := os.ReadDir(dir); err != nil || len(made) != 0 {
		c.Errorf("made %v (%v)", made, err)
	}
}

// connector returns one of the driver's own, without Patchbay, and closes it after the subtest.
func (c check) connector(cfg registry.Config) driver.Connector {
	c.Helper()
	connector, err := c.Driver.Connector(cfg, registry.Env{})
	c.see(err)
	if err != nil {
		c.Fatalf("Connector: %v", err)
	}
	c.Cleanup(func() {
		if closer, ok := connector.(io.Closer); ok {
			c.close(closer)
		}
	})
	return connector
}

func (c check) close(closer io.Closer) {
	c.Helper()
	if err := closer.Close(); err != nil {
		c.Errorf("Close of a %T: %v", closer, err)
	}
}

func zeroConfigIsHandled(c check) {
	connector, err := c.Driver.Connector(registry.Config{Dialect: c.info.Dialect}, registry.Env{}) // must not panic
	c.see(err)
	switch closer, ok := connector.(io.Closer); {
	case err == nil && connector == nil:
		c.Error("there is neither a connector nor an error")
	case err == nil && ok:
		c.close(closer)
	}
	c.refuses(registry.Config{}, "dialect")
}

func unknownParamIsRefused(c check) {
	const name = "drivertest_unknown"
	cfg := c.config()
	if cfg.Params == nil {
		cfg.Params = make(map[string]string)
	}
	cfg.Params[name] = c.secret().Reveal()
	c.refuses(cfg, name)
}

// refuses fails the subtest unless the config is refused, without an attempt to connect, by an error that names
// the field.
func (c check) refuses(cfg registry.Config, field string, opts ...conn.Option) {
	c.Helper()
	e, _ := c.fail(c.ctx(), cfg, opts...)
	if e.Kind != registry.KindConfig || e.Attempts != 0 || !strings.Contains(e.Err.Error(), field) {
		c.Errorf("%s: got the kind %q and %d attempts, want %q, none, and the name of the field in %q",
			field, e.Kind, e.Attempts, registry.KindConfig, e.Err)
	}
}

func uselessFieldIsRefused(c check) {
	fields := map[string]func(*registry.Config){
		"filename": func(cfg *registry.Config) { cfg.Filename = "file" },
		"host":     func(cfg *registry.Config) { cfg.Host = "127.0.0.1" },
		"port":     func(cfg *registry.Config) { cfg.Port = 5555 },
		"user":     func(cfg *registry.Config) { cfg.User = "user" },
		"password": func(cfg *registry.Config) { cfg.Password = c.secret() },
		"ssl":      func(cfg *registry.Config) { cfg.TLS = new(registry.TLS) },
		"appName":  func(cfg *registry.Config) { cfg.AppName = "app" },
	}
	for name, set := range fields {
		if !c.uses(name) {
			cfg := c.config()
			set(&cfg)
			c.refuses(cfg, name)
		}
	}
	if !c.uses("credentials") {
		c.refuses(c.config(), "credentials", conn.WithCredentials(func(context.Context, conn.LoginRequest) (conn.Login, error) {
			return conn.Login{User: "user", Password: c.secret()}, nil
		}))
	}
}

func connectorIsConcurrent(c check) {
	connector := c.connector(c.config())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			dc, err := connector.Connect(c.ctx())
			if err != nil {
				c.Error(err)
				return
			}
			c.close(dc)
		})
	}
	all.Wait()
	if connector.Driver() == nil {
		c.Error("the connector's Driver is nil")
	}
}

func connectorClosesTwice(c check) {
	connector := c.connector(c.config())
	dc, err := connector.Connect(c.ctx())
	if err != nil {
		c.Fatal(err)
	}
	c.close(dc)
	if closer, ok := connector.(io.Closer); ok {
		c.close(closer) // and again when the subtest ends
	}
}

func connectorHeedsContext(c check) {
	ctx, cancel := context.WithCancel(c.ctx())
	cancel()
	dc, err := c.connector(c.config()).Connect(ctx)
	if err == nil {
		c.close(dc)
		c.Error("connected with a context that has ended")
	} else if kind := c.Driver.Diagnose(err).Kind; !errors.Is(err, context.Canceled) && kind != registry.KindCanceled {
		c.Errorf("%v does not wrap context.Canceled, and is of the kind %q", err, kind)
	}
}

func foreignErrorsHaveNoDiagnosis(c check) {
	_, number := strconv.Atoi("many")
	for _, err := range []error{
		nil, number, sql.ErrNoRows, sql.ErrTxDone, sql.ErrConnDone,
		errors.New("password authentication failed"), errors.New("connection refused"), errors.New("database is locked"),
		errors.New("protocol error in my parser"), errors.New("tls: in my words"), io.EOF, io.ErrUnexpectedEOF,
	} {
		if d := c.Driver.Diagnose(err); d != (registry.Diagnosis{}) {
			c.Errorf("Diagnose(%v) is %+v, although the error is not the driver's own", err, d)
		}
	}
}

// watched counts what is written to a network connection.
type watched struct {
	net.Conn
	written *atomic.Int64
}

func (w *watched) Write(p []byte) (int, error) {
	w.written.Add(int64(len(p)))
	return w.Conn.Write(p)
}

// watchGetsEverySocket dials with a function of its own and without one.
func watchGetsEverySocket(c check) {
	for _, dial := range []func(context.Context, string, string) (net.Conn, error){nil, new(net.Dialer).DialContext} {
		var dialed, seen, written atomic.Int64
		ctx := c.ctx()
		env := registry.Env{Watch: func(got context.Context, nc net.Conn) net.Conn {
			seen.Add(1)
			if got.Value(watchKey{}) == nil {
				c.Error("the context that Watch gets is not that of Connect, nor derived from it")
			}
			return &watched{nc, &written}
		}}
		if dial != nil {
			env.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				dialed.Add(1)
				return dial(ctx, network, addr)
			}
		}
		connector, err := c.Driver.Connector(c.config(), env)
		if err != nil {
			c.Fatal(err)
		}
		dc, err := connector.Connect(context.WithValue(ctx, watchKey{}, true))
		if err != nil {
			c.Fatal(err)
		}
		c.close(dc)
		if closer, ok := connector.(io.Closer); ok {
			c.close(closer)
		}
		if seen.Load() == 0 || dial != nil && seen.Load() != dialed.Load() {
			c.Errorf("%d of %d network connections were handed to Watch", seen.Load(), max(dialed.Load(), 1))
		}
		if written.Load() == 0 {
			c.Error("the connection that Watch returns is not used")
		}
	}
}

// watchKey marks the context of a Connect.
type watchKey struct{}
