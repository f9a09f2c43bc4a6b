package conn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// always fails every connection with err.
func always(err error) func(context.Context, int, registry.Env) error {
	return func(context.Context, int, registry.Env) error { return err }
}

func TestARefusedConnectionIsTriedFourTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = always(errRefused)
		start := time.Now()
		_, r, err := openFake(t, f, conn.Config{})
		var e *conn.Error
		if !errors.As(err, &e) || e.Attempts != 4 || e.Kind != conn.KindUnreachable || !errors.Is(err, errRefused) || f.dials() != 4 {
			t.Errorf("%d dials: %+v", f.dials(), err)
		}
		if took := time.Since(start); took < 6300*time.Millisecond || took > 7700*time.Millisecond {
			t.Errorf("it took %v, want 1 s + 2 s + 4 s with a tenth of jitter", took)
		}
		if want := []string{"connection:retry", "connection:retry", "connection:retry", "connection:error"}; !slices.Equal(r.names(), want) {
			t.Errorf("events %v, want %v", r.names(), want)
		}
		for i, retry := range of[conn.Retrying](r) {
			about := time.Second << i
			if retry.Attempt != i+1 || retry.Name != "orders" || retry.Kind != conn.KindUnreachable || !errors.Is(retry.Err, errRefused) ||
				retry.Delay < about*9/10 || retry.Delay > about*11/10 {
				t.Errorf("retry %d is %+v", i, retry)
			}
		}
		if n := len(f.conns()); n != 0 || f.closed == 0 {
			t.Errorf("%d connections are left, the connector was closed %d times", n, f.closed)
		}
	})
}

func TestTheServerComesUpDuringTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(_ context.Context, n int, _ registry.Env) error {
			if n < 3 {
				return errRefused
			}
			return nil
		}
		c, r, err := openFake(t, f, conn.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if opened := of[conn.Opened](r); len(opened) != 1 || opened[0].Attempts != 3 || opened[0].Took < 2700*time.Millisecond {
			t.Errorf("%+v", opened)
		}
	})
}

func TestWhatCannotPassIsTriedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		kind conn.Kind
	}{
		"wrong password": {errAuth, conn.KindAuth},
		"unknown":        {errors.New("what?"), conn.KindUnknown},
		"no such host":   {&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}, conn.KindUnreachable},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.connect = always(fmt.Errorf("login: %w", c.err))
			_, r, err := openFake(t, f, conn.Config{})
			var e *conn.Error
			if !errors.As(err, &e) || e.Attempts != 1 || e.Kind != c.kind || f.dials() != 1 || len(r.names()) != 1 {
				t.Errorf("%s: %d dials, %v: %+v", name, f.dials(), r.names(), err)
			}
		})
	}
}

func TestRetry(t *testing.T) {
	unknownHost := &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}
	for name, c := range map[string]struct {
		retry    conn.Retry
		err      error
		attempts int
		took     time.Duration
	}{
		"none":          {conn.Retry{Max: -1}, errRefused, 1, 0},
		"two":           {conn.Retry{Max: 2, Jitter: -1}, errRefused, 3, 3 * time.Second},
		"without wait":  {conn.Retry{Delay: -1}, errRefused, 4, 330 * time.Millisecond}, // a server that is down is not tried more often
		"even":          {conn.Retry{Factor: 1, Jitter: -1}, errRefused, 4, 3 * time.Second},
		"tripling":      {conn.Retry{Delay: time.Minute, Factor: 3, Jitter: -1, MaxDelay: -1}, errRefused, 4, 13 * time.Minute},
		"capped":        {conn.Retry{Max: 20, Jitter: -1}, errRefused, 21, 481 * time.Second}, // A13: 1, 2, 4, 8, 16, 30 ...
		"capped lower":  {conn.Retry{Max: 20, Jitter: -1, MaxDelay: 2 * time.Second}, errRefused, 21, 39 * time.Second},
		"for a while":   {conn.Retry{Max: 1000, Factor: 1, Jitter: -1, For: 10500 * time.Millisecond}, errRefused, 12, 10500 * time.Millisecond},
		"for no time":   {conn.Retry{Max: 1, Jitter: -1, For: time.Nanosecond}, errRefused, 2, 110 * time.Millisecond},
		"unknown host":  {conn.Retry{UnknownHost: true, Jitter: -1}, unknownHost, 4, 7 * time.Second},
		"one more kind": {conn.Retry{Max: 1, Jitter: -1, Kinds: []conn.Kind{conn.KindAuth}}, errAuth, 2, time.Second},
		"another kind":  {conn.Retry{Max: 1, Jitter: -1, Kinds: []conn.Kind{conn.KindNoDatabase}}, errAuth, 1, 0},
		"for ever":      {conn.Retry{Max: 1, Delay: math.MaxInt64, Jitter: -1, MaxDelay: -1}, errRefused, 2, 1 << 61},
		"for ages":      {conn.Retry{Delay: time.Hour, Factor: 1e99, Jitter: -1, MaxDelay: -1}, errRefused, 4, time.Hour + 2<<61},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.connect = always(c.err)
			start := time.Now()
			_, _, err := openFake(t, f, conn.Config{Retry: c.retry})
			var e *conn.Error
			if !errors.As(err, &e) || e.Attempts != c.attempts || time.Since(start) != c.took {
				t.Errorf("%s: took %v: %+v", name, time.Since(start), err)
			}
		})
	}
}

func TestCancelDuringTheBackoffIsPromptAndTellsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = always(errRefused)
		cause := errors.New("the user pressed a key")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(500*time.Millisecond, func() { cancel(cause) })
		start := time.Now()
		_, err := conn.Open(ctx, conn.Config{Dialect: "fake"}, conn.WithRegistry(f.registry), conn.WithObserver(nil))
		var e *conn.Error
		if !errors.As(err, &e) || e.Kind != conn.KindCanceled || e.Attempts != 1 || !errors.Is(err, cause) || !errors.Is(err, errRefused) {
			t.Errorf("%+v", err)
		}
		if took := time.Since(start); took != 500*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestCancelDuringAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(ctx context.Context, n int, _ registry.Env) error {
			if n == 1 {
				return errRefused
			}
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := conn.Open(ctx, conn.Config{Dialect: "fake"}, conn.WithRegistry(f.registry), conn.WithObserver(nil))
		var e *conn.Error
		if !errors.As(err, &e) || e.Kind != conn.KindCanceled || e.Attempts != 2 || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) {
			t.Errorf("%+v", err)
		}
	})
}

func TestAnEndedContextIsNotAttempted(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := conn.Open(ctx, conn.Config{Dialect: "fake"}, conn.WithRegistry(f.registry), conn.WithObserver(nil))
	if conn.KindOf(err) != conn.KindCanceled || f.dials() != 0 || strings.Contains(err.Error(), "before that") {
		t.Errorf("%d dials: %v", f.dials(), err)
	}
}

// As with an errgroup: the first that fails ends the context of the others, and is the cause.
func TestTheErrorOfAnotherConnectionIsOnlyTheCause(t *testing.T) {
	f := newFake()
	f.connect = always(errAuth)
	_, r, first := openFake(t, f, conn.Config{})
	before := first.Error()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(first)
	_, err := conn.Open(ctx, conn.Config{Dialect: "fake"}, conn.WithName("stock"), conn.WithRegistry(f.registry), conn.WithObserver(r.bus))
	e, ok := err.(*conn.Error)
	if !ok || e.Name != "stock" || e.Kind != conn.KindCanceled || !errors.Is(err, first) {
		t.Errorf("%+v", err)
	}
	if first.Error() != before || conn.KindOf(first) != conn.KindAuth {
		t.Errorf("the error of the other became %v", first)
	}
	if failed := of[conn.Failed](r); len(failed) != 2 || failed[1].Name != "stock" {
		t.Errorf("%+v", failed)
	}
}

func TestWhatCannotWorkIsNotAttempted(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  conn.Config
		opts []conn.Option
		want string
	}{
		"unknown dialect": {conn.Config{Dialect: "oracle"}, nil, `unsupported dialect "oracle"`},
		"missing driver":  {conn.Config{Dialect: "postgres"}, nil, "missing driver for postgres: "},
		"bad field":       {conn.Config{Dialect: "fake", Pool: conn.Pool{Min: 5, Max: 2}}, nil, "config: pool.min is 5"},
		"bad param":       {conn.Config{Dialect: "fake", Params: map[string]string{"x": "y"}}, nil, "config: params.x is not known"},
		"no server":       {conn.Config{Dialect: "sqlite"}, []conn.Option{conn.ServerOnly(), conn.WithRegistry(registry.Default())}, "does not support ServerOnly"},
	} {
		f := newFake()
		r := record(t)
		opts := append([]conn.Option{conn.WithRegistry(f.registry), conn.WithObserver(r.bus)}, c.opts...)
		_, err := conn.Open(t.Context(), c.cfg, opts...)
		var e *conn.Error
		if !errors.As(err, &e) || e.Attempts != 0 || e.Kind != conn.KindConfig || e.Name != "__default__" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v", name, err)
		}
		if failed := of[conn.Failed](r); len(failed) != 1 || failed[0].Err != err || len(r.names()) != 1 {
			t.Errorf("%s: events %v", name, r.names())
		}
		if conn.Retryable(err) {
			t.Errorf("%s is retryable", name)
		}
	}
}

// A13: the jitter is not cut to whole percents, and does not go beyond the longest delay.
func TestJitterIsExact(t *testing.T) {
	for _, c := range []struct {
		jitter      float64
		most        time.Duration
		least, upTo time.Duration
	}{
		{0.005, 0, 995 * time.Millisecond, 1005 * time.Millisecond},
		{0.29, 0, 710 * time.Millisecond, 1290 * time.Millisecond},
		{1, 500 * time.Millisecond, 0, 500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.connect = always(errRefused)
			_, r, _ := openFake(t, f, conn.Config{Retry: conn.Retry{Max: 300, Factor: 1, Jitter: c.jitter, MaxDelay: c.most}})
			seen := make(map[time.Duration]bool)
			low, high := time.Hour, time.Duration(0)
			for _, e := range of[conn.Retrying](r) {
				seen[e.Delay] = true
				low, high = min(low, e.Delay), max(high, e.Delay)
			}
			width := (c.upTo - c.least) / 20
			if low < c.least || high > c.upTo || low > c.least+width || high < c.upTo-width || len(seen) < 100 {
				t.Errorf("%+v: %d delays from %v to %v", c, len(seen), low, high)
			}
		})
	}
}
