package credentials

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

const (
	askTimeout = 30 * time.Second // of the question itself, whatever the caller's context says
	refusedFor = time.Second      // so long a login is not asked for again because it was refused
)

// Cached asks once for all connections with the same target and user, and keeps the answer until it expires. A
// question has 30 s of its own, so that it may take longer than the connect timeout of the connection that began it:
// that one fails, and the next finds the answer. When a fifth of the time to Login.Expires is left, the next call
// asks anew in the background and still returns the old login. An answer without Expires is kept until the server
// refuses it. Errors are not kept.
func Cached(ask Func) Func {
	c := &cache{ask: ask, entries: make(map[target]*cached)}
	return c.login
}

// target is what a login is for.
type target struct {
	dialect, host, user, database string
	port                          int
}

type cache struct {
	ask     Func
	mu      sync.Mutex
	entries map[target]*cached
}

// cached is the login for one target.
type cached struct {
	login   registry.Login
	fetched time.Time // zero: never
	asking  *question // nil unless under way
}

// question is one call of the Func. Its result is set before done is closed.
type question struct {
	done  chan struct{}
	login registry.Login
	err   error
}

func (c *cache) login(ctx context.Context, r Request) (registry.Login, error) {
	key := target{r.Config.Dialect, r.Config.Host, r.Config.User, r.Config.Database, r.Config.Port}
	c.mu.Lock()
	e := c.entries[key]
	if e == nil {
		e = new(cached)
		c.entries[key] = e
	}
	now := time.Now()
	fresh := !e.fetched.IsZero() && (e.login.Expires.IsZero() || now.Before(e.login.Expires)) &&
		(!r.Refused || now.Sub(e.fetched) < refusedFor)
	due := !fresh || !e.login.Expires.IsZero() && e.login.Expires.Sub(now) < e.login.Expires.Sub(e.fetched)/5
	if due && e.asking == nil {
		e.asking = &question{done: make(chan struct{})}
		go c.answer(e, e.asking, context.WithoutCancel(ctx), r)
	}
	login, q := e.login, e.asking
	c.mu.Unlock()
	if fresh {
		return login, nil
	}
	select {
	case <-q.done:
		return q.login, q.err
	case <-ctx.Done():
		return registry.Login{}, fmt.Errorf("waiting for the login: %w", context.Cause(ctx))
	}
}

// answer calls the Func and keeps what it gives.
func (c *cache) answer(e *cached, q *question, ctx context.Context, r Request) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTimeout, fmt.Errorf("no login within %v", askTimeout))
	defer cancel()
	q.err = errors.New("the function that gives the login ended its goroutine")
	defer func() {
		if reason := recover(); reason != nil {
			q.err = fmt.Errorf("the function that gives the login panicked: %v", reason)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if q.err == nil {
			e.login, e.fetched = q.login, time.Now()
		}
		e.asking = nil
		close(q.done)
	}()
	q.login, q.err = c.ask(ctx, r)
}
