package conn_test

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// hangs makes a driver hang in some places, whatever its contexts and sockets say, until free is called.
func hangs(d *rogue, from int, places ...string) (free func()) {
	stuck := make(chan struct{})
	d.now(func(place string, n int) {
		if n >= from && slices.Contains(places, place) {
			<-stuck
		}
	})
	return func() { close(stuck) }
}

var opening = []string{"connect", "query", "next", "close rows", "close", "close connector", "reset", "validate"}

// waits are the exported functions that wait for a driver, and where each can be made to hang. Those of [sql.DB] are its
// own, but for what its Close asks of this package.
var waits = []struct {
	name    string
	opening bool // it opens; else it gets a connection that is open, with a keeper
	call    func(context.Context, *rogue, *conn.Conn) error
	hangs   []string
	ctx     bool // it has one
}{
	{"Open", true, func(ctx context.Context, d *rogue, _ *conn.Conn) error {
		c, err := conn.Open(ctx, once(d.config(conn.Pool{})), d.options(conn.WithObserver(nil))...)
		if err == nil {
			_ = c.Abort(nil) // whose own row is below
		}
		return err
	}, opening, true},
	{"Open with Min", true, func(ctx context.Context, d *rogue, _ *conn.Conn) error {
		c, err := conn.Open(ctx, once(d.config(conn.Pool{Min: 3})), d.options(conn.WithObserver(nil))...)
		if err == nil {
			_ = c.Abort(nil) // whose own row is below
		}
		return err
	}, opening, true},
	{"OpenURL", true, func(ctx context.Context, d *rogue, _ *conn.Conn) error {
		c, err := conn.OpenURL(ctx, "rogue://h/d?connectTimeout=2s&retry.max=-1", d.options(conn.WithObserver(nil))...)
		if err == nil {
			_ = c.Abort(nil) // whose own row is below
		}
		return err
	}, opening, true},
	{"Test", true, func(ctx context.Context, d *rogue, _ *conn.Conn) error {
		return conn.Test(ctx, once(d.config(conn.Pool{})), d.options(conn.WithObserver(nil))...)
	}, opening, true},
	{"Version", false, func(ctx context.Context, _ *rogue, c *conn.Conn) error {
		_, err := c.Version(ctx)
		return err
	}, []string{"connect", "query", "next", "close rows", "reset", "validate"}, true},
	{"Ping of a new connection", false, func(ctx context.Context, _ *rogue, c *conn.Conn) error {
		c.SetMaxIdleConns(-1)
		return c.PingContext(ctx)
	}, []string{"connect"}, true},
	{"Close", false, func(_ context.Context, _ *rogue, c *conn.Conn) error { return c.Close() }, []string{"close", "close connector", "query"}, false},
	{"Shutdown", false, func(ctx context.Context, _ *rogue, c *conn.Conn) error { return c.Shutdown(ctx) }, []string{"close", "close connector", "query"}, true},
	{"Abort", false, func(_ context.Context, _ *rogue, c *conn.Conn) error { return c.Abort(nil) }, []string{"close", "close connector", "query"}, false},
	{"Trim", false, func(_ context.Context, _ *rogue, c *conn.Conn) error { c.Trim(); return nil }, []string{"close", "query"}, false},
	{"DB.Close", false, func(_ context.Context, _ *rogue, c *conn.Conn) error { return c.DB.Close() }, []string{"close connector", "query"}, false}, // A6
}

// A6 and all of its kind: whatever waits ends with its context, and with its own timeout.
func TestWhateverWaitsIsBounded(t *testing.T) {
	const ctxTime, late = time.Second, time.Second
	for _, w := range waits {
		for _, place := range w.hangs {
			for i := range 4 {
				hurry, files := i&1 != 0, i&2 != 0
				if hurry && !w.ctx {
					continue
				}
				t.Run(w.name+" in "+place+map[bool]string{true: ", with a context"}[hurry]+map[bool]string{true: ", of a file"}[files], func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						d := newRogue(nil)
						d.files = files
						var c *conn.Conn
						if !w.opening {
							var err error
							c, err = conn.Open(t.Context(), d.config(conn.Pool{Min: 2}), d.options(conn.WithObserver(nil))...)
							if err != nil {
								t.Fatal(err)
							}
						}
						free := hangs(d, 1, place)
						if place == "query" && w.name != "Version" {
							if c != nil {
								time.Sleep(16 * time.Second) // the keeper has begun a check
							}
						}
						ctx := context.Background()
						most := rogueTimeout + late
						if hurry {
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, ctxTime)
							defer cancel()
							most = ctxTime + late
						}
						if w.name == "Shutdown" && !hurry { // waits for those in use as long as it may
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, rogueTimeout)
							defer cancel()
						}
						start := time.Now()
						err := w.call(ctx, d, c)
						took := time.Since(start)
						if took > most {
							t.Errorf("took %v: %v", took, err)
						}
						if kind := conn.KindOf(err); err != nil && kind != conn.KindTimeout && kind != conn.KindCanceled {
							t.Errorf("of the kind %q: %v", kind, err)
						}
						if err != nil && hurry && took < rogueTimeout && w.name != "Shutdown" && !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("does not say that the context ended: %v", err)
						}
						free()
						d.now(nil)
						if c != nil {
							_ = c.Close() // an error if it was in the midst
						}
						time.Sleep(time.Minute)
						if n := d.left(); n != 0 {
							t.Errorf("%d sockets are open", n)
						}
					})
				})
			}
		}
	}
}

// Nor is one that hangs in every attempt to open it.
func TestADriverThatHangsInOpeningIsNotAskedForEver(t *testing.T) {
	for _, files := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := newRogue(nil)
			d.files = files
			free := hangs(d, 1, "connect")
			cfg := d.config(conn.Pool{Max: -1})
			cfg.Retry = conn.Retry{Max: 30, Delay: time.Millisecond, Factor: 1}
			_, err := conn.Open(t.Context(), cfg, d.options(conn.WithObserver(nil))...)
			if conn.KindOf(err) != conn.KindTimeout || d.count("connect") != 16 {
				t.Errorf("files=%t: %d calls hang: %v", files, d.count("connect"), err)
			}
			free()
			time.Sleep(time.Minute)
			if n := d.left(); n != 0 {
				t.Errorf("files=%t: %d sockets are open", files, n)
			}
		})
	}
}

// A driver that hangs in every attempt is not asked for ever more.
func TestADriverThatHangsIsNotAskedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRogue(nil)
		c, err := conn.Open(t.Context(), d.config(conn.Pool{Max: 2}), d.options(conn.WithObserver(nil))...)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetMaxIdleConns(-1)
		free := hangs(d, 1, "connect")
		for range 100 {
			if err := c.Ping(); c.Diagnose(err).Kind != conn.KindTimeout {
				t.Fatal(err)
			}
		}
		if n := d.count("connect"); n != 16 {
			t.Errorf("%d calls hang", n)
		}
		free()
		synctest.Wait()
		if err := c.Ping(); err != nil {
			t.Error(err)
		}
	})
}

// A3: only the context of the caller tells a cancel; whatever else ends by time is a timeout.
func TestOnlyTheCallersContextCancels(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(context.Context) error
		kind conn.Kind
	}{
		"a timeout of its own": {func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		}, conn.KindTimeout},
		"a cancel of its own": {func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx.Err()
		}, conn.KindUnknown},
		"the connect timeout": {func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, conn.KindTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.connect = func(ctx context.Context, _ int, _ registry.Env) error { return c.fail(ctx) }
			_, _, err := openFake(t, f, conn.Config{Retry: conn.Retry{Max: 1}})
			e, ok := errors.AsType[*conn.Error](err)
			if !ok || e.Kind != c.kind || (e.Attempts == 2) != (c.kind == conn.KindTimeout) {
				t.Errorf("%s: %+v", name, err)
			}
		})
	}
}

// slowToEnd ends a moment after its deadline.
type slowToEnd struct{ context.Context }

func (c slowToEnd) Deadline() (time.Time, bool) {
	end, ok := c.Context.Deadline()
	return end.Add(-time.Millisecond), ok
}

// A3: a dialer has a timer of its own for the deadline of the context, which may be the quicker one.
func TestACallersDeadlineCancelsWhicheverTimerIsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(ctx context.Context, _ int, _ registry.Env) error {
			end, _ := ctx.Deadline()
			time.Sleep(time.Until(end))
			return &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := conn.Open(slowToEnd{ctx}, conn.Config{Dialect: "fake", Retry: conn.Retry{Max: -1}}, conn.WithRegistry(f.registry), conn.WithObserver(nil))
		if conn.KindOf(err) != conn.KindCanceled || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got the kind %q: %v", conn.KindOf(err), err)
		}
	})
}

// What did not open and is not closed in time either is told by the error, which is that of opening.
func TestADriverThatIsStillClosingWhatDidNotOpen(t *testing.T) {
	for _, hanging := range [][]string{{"close"}, {"close connector"}, {"close", "connect"}} {
		synctest.Test(t, func(t *testing.T) {
			d := newRogue(nil)
			d.ask = func(net.Conn) error { return errBroken }
			free := hangs(d, 1, hanging...)
			start := time.Now()
			_, err := conn.Open(t.Context(), once(d.config(conn.Pool{})), d.options(conn.WithObserver(nil))...)
			hang, ok := errors.AsType[*conn.HangError](err)
			if !ok || time.Since(start) > rogueTimeout+time.Second {
				t.Fatalf("%v: after %v: %v", hanging, time.Since(start), err)
			}
			if len(hanging) == 1 && (!errors.Is(err, errBroken) || conn.KindOf(err) != conn.KindUnknown || strings.Contains(err.Error(), "goes on")) {
				t.Errorf("%v: the kind %q: %v", hanging, conn.KindOf(err), err)
			}
			select {
			case <-hang.Done():
				t.Errorf("%v: it has returned", hanging)
			default:
			}
			free()
			<-hang.Done()
			if n := d.left(); n != 0 {
				t.Errorf("%v: %d sockets are open", hanging, n)
			}
		})
	}
}
