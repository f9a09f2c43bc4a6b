package drivertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// How databases that cannot be opened say so: by kind, number of attempts and hint.
var failureBehaviours = []behaviour{
	{says: "a wrong password", check: failing(wrongPassword), needs: []Ability{Passwords}},
	{says: "an unknown user", check: failing(unknownUser), needs: []Ability{Passwords}},
	{says: "a missing database", check: failing(missingDatabase), needs: []Ability{Network, Databases}},
	{says: "a file in a missing folder", check: failing(missingFolder), needs: []Ability{Databases}},
	{says: "no server", check: failing(noServer), needs: []Ability{Network}},
	{says: "a host that does not resolve", check: failing(unknownHost), needs: []Ability{Network}},
	{says: "a server that hangs up", check: failing(hangingUp), needs: []Ability{Network}},
	{says: "a server that resets", check: failing(resetting), needs: []Ability{Network}},
	{says: "a server that stays silent", check: failing(stayingSilent), needs: []Ability{Network}},
	{says: "a server of another protocol", check: otherProtocol, needs: []Ability{Network}},
	{says: "no server until the second attempt", check: serverComesUp, needs: []Ability{Network}},
	{says: "a caller that leaves during the login", check: callerLeavesLogin, needs: []Ability{Network}},
	{says: "a caller that leaves between two attempts", check: callerLeavesBackoff, needs: []Ability{Network}},
	{says: "those of the target", check: targetFailures},
	{says: "an error keeps its kind when it is wrapped", check: kindIsStable},
}

// failing makes a check of a failure.
func failing(f func(check) Failure) func(check) {
	return func(c check) { c.fails(f(c)) }
}

func wrongPassword(c check) Failure {
	cfg := c.config()
	cfg.Password = c.secret()
	return Failure{Config: cfg, Kind: registry.KindAuth}
}

func unknownUser(c check) Failure {
	cfg := c.config()
	cfg.User, cfg.Password = "drivertest_"+unique(), c.secret()
	return Failure{Config: cfg, Kind: registry.KindAuth}
}

func missingDatabase(c check) Failure {
	cfg := c.config()
	cfg.Database = "drivertest_" + unique()
	return Failure{Config: cfg, Kind: registry.KindNoDatabase}
}

func missingFolder(c check) Failure {
	if c.can(Network) {
		c.Skip("the dialect has servers, not files")
	}
	cfg := c.config()
	cfg.Filename, cfg.Database = filepath.Join(c.TempDir(), "missing", "file"), ""
	return Failure{Config: cfg, Kind: registry.KindCannotOpen}
}

func noServer(c check) Failure { return Failure{Config: c.refused(), Kind: registry.KindUnreachable} }

// unknownHost answers in the place of a name server, because the real one may be anything.
func unknownHost(c check) Failure {
	w := c.wire()
	w.use(func(_ context.Context, network, addr string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(addr)
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	})
	cfg := c.config()
	cfg.Host = "drivertest.invalid"
	return Failure{Config: cfg, Kind: registry.KindUnreachable, Attempts: 1, Options: []conn.Option{w.option()}}
}

func hangingUp(c check) Failure {
	return Failure{Config: c.badServer(hangUp), Kind: registry.KindLost}
}

func resetting(c check) Failure {
	return Failure{Config: c.badServer(reset), Kind: registry.KindLost}
}

func stayingSilent(c check) Failure {
	cfg := c.badServer(silent)
	cfg.ConnectTimeout = silence
	return Failure{Config: cfg, Kind: registry.KindTimeout}
}

func otherProtocol(c check) {
	e, _ := c.fail(c.ctx(), c.badServer(web))
	if e.Kind == registry.KindUnknown || e.Hint == "" {
		c.Errorf("got %v, of the kind %q with the hint %q", e, e.Kind, e.Hint)
	}
}

// fails checks that opening ends as it should, is told to listeners, and leaves nothing behind.
func (c check) fails(f Failure) {
	c.Helper()
	switch {
	case f.Attempts != 0:
	case f.Kind.Retryable():
		f.Attempts = 1 + quick.Max
	case f.Kind != registry.KindConfig:
		f.Attempts = 1
	}
	before := c.now()
	e, j := c.fail(c.ctx(), f.Config, f.Options...)
	if e.Kind != f.Kind || e.Attempts != f.Attempts {
		c.Errorf("got the kind %q after %d attempts, want %q after %d: %v", e.Kind, e.Attempts, f.Kind, f.Attempts, e)
	}
	if e.Hint == "" && f.Kind != registry.KindConfig { // whose error says what to do itself
		c.Errorf("there is no hint in %v", e)
	}
	c.keepsKind(e)
	if failed := those[conn.Failed](j); len(failed) != 1 || failed[0].Kind != f.Kind || failed[0].Err != error(e) {
		c.Errorf("the events are %v with %+v", j.names(), failed)
	}
	if want := max(f.Attempts-1, 0); len(those[conn.Retrying](j)) != want || len(j.names()) != want+1 {
		c.Errorf("the events are %v, want %d retries and an error", j.names(), want)
	}
	c.nothingLeft(before)
}

// keepsKind checks that what the driver says of an error does not depend on what is around it.
func (c check) keepsKind(e *conn.Error) {
	c.Helper()
	want := c.Driver.Diagnose(e.Err).Kind
	for _, wrapped := range []error{
		fmt.Errorf("wrapped: %w", e.Err),
		fmt.Errorf("twice: %w", fmt.Errorf("wrapped: %w", e.Err)),
		errors.Join(errors.New("another"), e.Err),
	} {
		if got := c.Driver.Diagnose(wrapped).Kind; got != want {
			c.Errorf("the kind %q becomes %q in %T", want, got, wrapped)
		}
	}
}

func serverComesUp(c check) {
	w, refused := c.wire(), c.refused()
	real := w.dial
	w.use(func(ctx context.Context, network, addr string) (net.Conn, error) {
		w.use(real)
		return real(ctx, "tcp", net.JoinHostPort(refused.Host, fmt.Sprint(refused.Port)))
	})
	db, j := c.record(c.pool(1), w.option())
	c.works(db)
	opened := those[conn.Opened](j)
	if retries := those[conn.Retrying](j); len(retries) != 1 || retries[0].Kind != registry.KindUnreachable || opened[0].Attempts != 2 {
		c.Errorf("the events are %v with %+v and %+v", j.names(), retries, opened)
	}
}

func callerLeavesLogin(c check) {
	arrived := make(chan struct{}, 1)
	cfg := c.badServer(func(nc net.Conn) {
		arrived <- struct{}{}
		silent(nc)
	})
	before := c.now()
	ctx, cancel := context.WithCancel(c.ctx())
	go func() {
		<-arrived
		cancel()
	}()
	c.leaves(ctx, cfg, 1)
	c.nothingLeft(before)
}

// leaves checks how opening ends for a caller who gives up in its course.
func (c check) leaves(ctx context.Context, cfg registry.Config, attempts int, opts ...conn.Option) *conn.Error {
	c.Helper()
	e, _ := c.fail(ctx, cfg, opts...)
	if e.Kind != registry.KindCanceled || e.Attempts != attempts || !errors.Is(e, context.Canceled) {
		c.Errorf("got %v, of the kind %q after %d attempts", e, e.Kind, e.Attempts)
	}
	return e
}

func callerLeavesBackoff(c check) {
	ctx, cancel := context.WithCancel(c.ctx())
	defer cancel()
	j := c.journal()
	observer.On(j.bus, func(conn.Retrying) { cancel() })
	refused := c.refused()
	refused.Retry = conn.Retry{Delay: time.Hour}
	e := c.leaves(ctx, refused, 1, conn.WithObserver(j.bus))
	var reason *net.OpError
	if !errors.As(e, &reason) {
		c.Errorf("the reason of the last attempt is not in %v", e)
	}
}

func targetFailures(c check) {
	for _, f := range c.Failures {
		c.Run(f.Name, func(t *testing.T) { check{t, c.suite}.fails(f) })
	}
	if len(c.Failures) == 0 {
		c.Skip("Target.Failures is empty")
	}
}

func kindIsStable(c check) {
	cfg := c.config()
	if c.can(Network) {
		cfg = c.refused()
	} else if c.can(Databases) {
		cfg.Filename, cfg.Database = c.TempDir()+string(os.PathSeparator), ""
	} else {
		cfg.Params = map[string]string{"drivertest_unknown": "1"}
	}
	e, _ := c.fail(c.ctx(), cfg)
	c.keepsKind(e)
	if conn.KindOf(fmt.Errorf("wrapped: %w", e)) != e.Kind {
		c.Errorf("KindOf says %q of an error of the kind %q", conn.KindOf(e), e.Kind)
	}
}
