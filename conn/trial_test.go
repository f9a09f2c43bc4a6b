package conn_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/observer"
)

// patience is for what should take no time, on a machine that is busy with other things.
const patience = 20 * time.Second

// quick repeats failed attempts without waiting for long.
var quick = conn.Retry{Max: 2, Delay: time.Millisecond, Jitter: -1}

// starters start a server for one test alone.
var starters = map[string]func(testing.TB, testserver.Options) *testserver.Server{
	"postgres": testserver.StartPostgres, "mysql": testserver.StartMariaDB,
}

// secrets are those of all tests that open databases on real servers. What these tests get to see is searched for
// them.
var secrets testsecret.Watch

func see(t testing.TB, v any) {
	t.Helper()
	if where := secrets.See(v); where != "" {
		t.Errorf("a secret is in a %T, at %s", v, where)
	}
}

// once is cfg without further attempts.
func once(cfg conn.Config) conn.Config { return retrying(cfg, conn.Retry{Max: -1}) }

// retrying is cfg with another Retry.
func retrying(cfg conn.Config, r conn.Retry) conn.Config {
	cfg.Retry = r
	return cfg
}

// trial opens a database as a program does, and keeps the events. What is open at the end is closed.
func trial(ctx context.Context, t testing.TB, cfg conn.Config, opts ...conn.Option) (*conn.Conn, *recorded, error) {
	t.Helper()
	secrets.Hide(cfg)
	if reflect.ValueOf(cfg.Retry).IsZero() {
		cfg.Retry = quick
	}
	r := record(t)
	t.Cleanup(observer.On(r.bus, func(e observer.Event) { see(t, e) }))
	opts = append([]conn.Option{conn.WithObserver(r.bus), conn.WithName("orders")}, opts...)
	c, err := conn.Open(ctx, cfg, opts...)
	if err != nil {
		see(t, err)
		return nil, r, err
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, r, nil
}

// opens is trial for what must succeed.
func opens(t testing.TB, cfg conn.Config, opts ...conn.Option) (*conn.Conn, *recorded) {
	t.Helper()
	c, r, err := trial(limit(t), t, cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

// outcome is how opening ends that must fail.
type outcome struct {
	kind     conn.Kind
	attempts int
	says     string // part of the hint
}

// fails is trial for what must end like that.
func fails(t testing.TB, cfg conn.Config, want outcome, opts ...conn.Option) *conn.Error {
	t.Helper()
	_, r, err := trial(limit(t), t, cfg, opts...)
	return check(t, r, err, want)
}

// check fails the test unless the error, and what listeners were told, is as it should be.
func check(t testing.TB, r *recorded, err error, want outcome) *conn.Error {
	t.Helper()
	e, ok := errors.AsType[*conn.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *conn.Error", err)
	}
	if e.Kind != want.kind || e.Attempts != want.attempts || !strings.Contains(e.Hint, want.says) || e.Hint == "" {
		t.Errorf("got the kind %q after %d attempts, with the hint %q, want %+v: %v", e.Kind, e.Attempts, e.Hint, want, e)
	}
	failed, retries := of[conn.Failed](r), of[conn.Retrying](r)
	if len(failed) != 1 || failed[0].Err != err || len(retries) != want.attempts-1 || len(of[conn.Opened](r)) != 0 {
		t.Errorf("the events are %v", r.names())
	}
	return e
}

// limit returns a context that ends a test that hangs.
func limit(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	return ctx
}

// works fails the test unless the database answers.
func works(t testing.TB, c *conn.Conn) {
	t.Helper()
	var one int
	if err := c.QueryRowContext(limit(t), "SELECT 1").Scan(&one); err != nil {
		t.Errorf("SELECT 1: %v", err)
	}
}

// await returns when ok does so with true.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// onEach runs a test on the server of each dialect.
func onEach(t *testing.T, test func(t *testing.T, dialect string)) {
	for dialect := range servers {
		t.Run(dialect, func(t *testing.T) { test(t, dialect) })
	}
}

// as returns cfg for another user.
func as(cfg conn.Config, user, password string) conn.Config {
	cfg.User, cfg.Password = user, conn.NewSecret(password)
	return cfg
}

func addr(cfg conn.Config) string { return fmt.Sprintf("%s:%d", cfg.Host, cfg.Port) }

// load runs f again and again on n goroutines, until the function that it returns is called, which tells how often
// f has been run. f must not fail.
func load(t testing.TB, n int, f func(context.Context) error) (stop func() int) {
	ctx := limit(t)
	var users sync.WaitGroup
	var stopped atomic.Bool
	var runs atomic.Int64
	for range n {
		users.Go(func() {
			for !stopped.Load() {
				if err := f(ctx); err != nil {
					see(t, err)
					t.Error(err)
					return
				}
				runs.Add(1)
			}
		})
	}
	stop = func() int {
		stopped.Store(true)
		users.Wait()
		return int(runs.Load())
	}
	t.Cleanup(func() { stop() })
	return stop
}
