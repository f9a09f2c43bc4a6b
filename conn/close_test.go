package conn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

func TestShutdownWaitsForWhatIsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, events, err := openFake(t, f, conn.Config{})
		if err != nil {
			t.Fatal(err)
		}
		busy, err := c.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(3*time.Second, func() { _ = busy.Close() })
		start := time.Now()
		if err := c.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("took %v, for a connection that was returned after 3s", took)
		}
		if len(f.conns()) != 0 || len(of[conn.Closed](events)) != 1 {
			t.Errorf("%d connections left, events %v", len(f.conns()), events.names())
		}
		if c.PingContext(t.Context()) == nil {
			t.Error("it still works")
		}
	})
}

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, events, err := openFake(t, f, conn.Config{})
		if err != nil {
			t.Fatal(err)
		}
		busy, err := c.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		err = c.Shutdown(ctx)
		var e *conn.Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || e.Name != "orders" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		if failed := of[observer.Error](events); len(failed) != 1 || failed[0].Err != err || len(of[conn.Closed](events)) != 0 {
			t.Errorf("events %v", events.names())
		}
		_ = busy.Close()
	})
}

// What ended is told by the kind: the time that was given for closing, or the caller, who no longer waits.
func TestTheKindOfAClosingThatWasGivenUp(t *testing.T) {
	overdue := fmt.Errorf("not closed cleanly within 5s: %w", context.DeadlineExceeded)
	for name, c := range map[string]struct {
		end  func(context.Context, *conn.Conn) error
		kind conn.Kind
	}{
		"deadline": {func(ctx context.Context, c *conn.Conn) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return c.Shutdown(ctx)
		}, conn.KindTimeout},
		"deadline with a cause": {func(ctx context.Context, c *conn.Conn) error {
			ctx, cancel := context.WithTimeoutCause(ctx, time.Second, overdue)
			defer cancel()
			return c.Shutdown(ctx)
		}, conn.KindTimeout},
		"cancel": {func(ctx context.Context, c *conn.Conn) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return c.Shutdown(ctx)
		}, conn.KindCanceled},
		"Abort": {func(_ context.Context, c *conn.Conn) error { return c.Abort(overdue) }, conn.KindTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			db, _, err := openFake(t, newFake(), conn.Config{})
			if err != nil {
				t.Fatal(err)
			}
			busy := hold(t, db, 1)[0]
			err = c.end(t.Context(), db)
			e, ok := errors.AsType[*conn.Error](err)
			if !ok || e.Kind != c.kind || e.Hint != "" || !strings.Contains(e.Error(), "connections cut off: 1") {
				t.Errorf("%s: %+v", name, err)
			}
			_ = busy.Close()
		})
	}
}

func TestShutdownOfAPoolAtRestIsInOrderEvenWithoutTime(t *testing.T) {
	c, events, err := openFake(t, newFake(), conn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Shutdown(ended); err != nil {
		t.Error(err)
	}
	if len(of[conn.Closed](events)) != 1 {
		t.Errorf("events %v", events.names())
	}
}

func TestOnCloseHearsOfItHoweverItIsClosed(t *testing.T) {
	for name, end := range map[string]func(*conn.Conn) error{
		"Close":    (*conn.Conn).Close,
		"DB.Close": func(c *conn.Conn) error { return c.DB.Close() },
		"Abort":    func(c *conn.Conn) error { return c.Abort(nil) },
		"Shutdown": func(c *conn.Conn) error { return c.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			c, events, err := openFake(t, newFake(), conn.Config{})
			if err != nil {
				t.Fatal(err)
			}
			calls := 0
			if !c.OnClose(func() {
				calls++
				if len(of[conn.Closed](events)) != 0 {
					t.Error("the bus heard of it first")
				}
			}) {
				t.Error("said to be closed already")
			}
			for range 2 {
				if err := end(c); err != nil {
					t.Fatal(err)
				}
			}
			if calls != 1 || len(of[conn.Closed](events)) != 1 {
				t.Errorf("called %d times, events %v", calls, events.names())
			}
			if c.OnClose(func() { t.Error("called for what is over") }) {
				t.Error("a closed connection is said to be still open")
			}
		})
	}
}

func TestATrimmedPoolWorksAndKeepsNothing(t *testing.T) {
	for name, cfg := range map[string]conn.Config{"kept filled": {Pool: conn.Pool{Min: 3}}, "without a connection yet": {Lazy: true}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			c, _, err := openFake(t, f, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.Trim()
			if n := len(f.conns()); n != 0 {
				t.Errorf("%s: %d connections are kept", name, n)
			}
			if err := c.PingContext(t.Context()); err != nil {
				t.Error(err)
			}
			if n := len(f.conns()); n != 0 {
				t.Errorf("%s: %d connections are kept after a call", name, n)
			}
			time.Sleep(time.Hour) // of the bubble: the keeper would have come
			if n := len(f.conns()); n != 0 {
				t.Errorf("%s: %d connections are kept after an hour", name, n)
			}
		})
	}
}

func TestConfigIsACopyOfWhatWasOpened(t *testing.T) {
	cfg := conn.Config{Host: "db.example", TLS: &conn.TLS{ServerName: "a"}}
	c, _, err := openFake(t, newFake(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cfg.TLS.ServerName = "b"
	got := c.Config()
	if got.Host != "db.example" || got.TLS.ServerName != "a" {
		t.Errorf("got %v", got)
	}
}
