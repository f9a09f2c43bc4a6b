package conn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// silent dials a server that accepts and says nothing, and counts its connections.
func silent(t *testing.T, dials *int) conn.Option {
	t.Helper()
	return conn.WithDialer(func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		*dials++
		t.Cleanup(func() { _ = server.Close() })
		go func() { _, _ = io.Copy(io.Discard, server) }()
		return client, nil
	})
}

// stubborn is a login that ignores its context and waits for the server, as that of go-mssqldb does.
func stubborn(ctx context.Context, _ int, env registry.Env) error {
	c, err := network.DialFunc(env)(ctx, "tcp", "h:1")
	if err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return errors.Join(err, c.Close())
}

func TestConnectTimeoutHoldsForADriverThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			cfg  conn.Config
			want time.Duration
		}{
			"default": {conn.Config{}, 10 * time.Second},
			"given":   {conn.Config{ConnectTimeout: 2 * time.Second}, 2 * time.Second},
		} {
			f, dials := newFake(), 0
			f.connect = stubborn
			start := time.Now()
			_, _, err := openFake(t, f, retrying(c.cfg, conn.Retry{Max: 1, Delay: -1}), silent(t, &dials))
			var timeout interface{ Timeout() bool }
			if conn.KindOf(err) != conn.KindTimeout || !errors.As(err, &timeout) || !strings.Contains(err.Error(), "no connection within the connect timeout of "+c.want.String()) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took != 2*c.want || dials != 2 {
				t.Errorf("%s: two attempts took %v and %d dials", name, took, dials)
			}
		}
	})
}

func TestTheCallersContextEndsALoginThatIgnoresIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dials := newFake(), 0
		f.connect = stubborn
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := conn.Open(ctx, conn.Config{Dialect: "fake", ConnectTimeout: -1}, conn.WithRegistry(f.registry), conn.WithObserver(nil), silent(t, &dials))
		if conn.KindOf(err) != conn.KindCanceled || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestASlotThatASilentServerHeldIsFreeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dials := newFake(), 0
		f.connect = func(ctx context.Context, n int, env registry.Env) error {
			if n == 2 {
				return stubborn(ctx, n, env)
			}
			return nil
		}
		c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Max: 1}}, silent(t, &dials))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// The only connection is in use when a caller without a deadline begins to wait, and is broken when it is
		// returned, so that database/sql opens the next one by itself.
		held, err := c.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first := make(chan error)
		go func() { first <- c.Ping() }()
		synctest.Wait()
		_ = held.Raw(func(any) error { return driver.ErrBadConn })
		start := time.Now()
		if err := <-first; conn.KindOf(err) != conn.KindTimeout || time.Since(start) != 10*time.Second || dials != 1 {
			t.Errorf("after %v and %d dials: %v", time.Since(start), dials, err)
		}
		if err := c.Ping(); err != nil {
			t.Errorf("the slot is still taken: %v", err)
		}
	})
}

// Each dial passes the dialer of the program and keeps the access to the file descriptor.
func TestWithDialer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	f := newFake()
	var addrs []string
	f.connect = func(ctx context.Context, _ int, env registry.Env) error {
		nc, err := network.DialFunc(env)(ctx, "tcp", "db.example:99")
		if err != nil {
			return err
		}
		if _, ok := nc.(syscall.Conn); !ok {
			t.Errorf("%T hides the file descriptor", nc)
		}
		return nc.Close()
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		addrs = append(addrs, addr)
		return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
	}
	c, _, err := openFake(t, f, conn.Config{}, conn.WithDialer(dial))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil || len(addrs) != 1 || addrs[0] != "db.example:99" {
		t.Errorf("%v, dialed %v", err, addrs)
	}
}

func TestAbortCutsWhatIsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dials := newFake(), 0
		var kept net.Conn
		f.connect = func(ctx context.Context, _ int, env registry.Env) (err error) {
			kept, err = network.DialFunc(env)(ctx, "tcp", "h:1")
			return err
		}
		c, r, err := openFake(t, f, conn.Config{}, silent(t, &dials))
		if err != nil {
			t.Fatal(err)
		}
		hanging := make(chan error)
		go func() {
			_, err := kept.Read(make([]byte, 1))
			hanging <- err
		}()
		synctest.Wait()
		cause := errors.New("drained too long")
		if err := c.Abort(cause); !errors.Is(err, cause) {
			t.Error(err)
		}
		if err := <-hanging; err == nil {
			t.Error("the read goes on")
		}
		if got := r.names(); got[len(got)-1] != "error" {
			t.Errorf("events %v", got)
		}
		if _, err := c.Conn(t.Context()); !errors.Is(err, sql.ErrConnDone) && err.Error() != "sql: database is closed" {
			t.Error(err)
		}
	})
}

func TestWithCredentials(t *testing.T) {
	f := newFake()
	asked := 0
	f.connect = func(ctx context.Context, _ int, env registry.Env) error {
		login, err := env.Credentials(ctx, false)
		if err == nil && (login.User != "app" || login.Password.Reveal() != "rotated") {
			return errAuth
		}
		return err
	}
	c, _, err := openFake(t, f, conn.Config{Database: "shop"}, conn.WithCredentials(func(ctx context.Context, r conn.LoginRequest) (conn.Login, error) {
		asked++
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("asked without the connect timeout")
		}
		if r.Refused || r.Config.Database != "shop" {
			t.Errorf("asked for %+v", r)
		}
		return conn.Login{User: "app", Password: conn.NewSecret("rotated")}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}
