package drivertest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// How servers are reached.
var networkBehaviours = []behaviour{
	{says: "WithDialer opens every connection, and gets the host as it is in the config", check: dialerIsUsed, needs: []Ability{Network}},
	{says: "an error of the dialer comes through", check: dialerErrorComesThrough, needs: []Ability{Network}},
	{says: "WithCredentials is asked for every connection", check: credentialsAreAsked, needs: []Ability{Network}},
	{says: "WithCredentials is asked once more after a refusal, and only another login is tried", check: refusedIsAskedAgain, needs: []Ability{Network, Passwords}},
	{says: "an error of WithCredentials comes through", check: credentialsErrorComesThrough, needs: []Ability{Network}},
	{says: "TLS is used or refused, and nothing goes in the clear", check: tlsIsKept, needs: []Ability{Network, Passwords}},
	{says: "a server that falls silent does not keep the only connection of a pool", check: silenceFreesSlot, needs: []Ability{Network}},
}

func dialerIsUsed(c check) {
	w, cfg := c.wire(), c.pool(3)
	c.works(c.open(cfg, w.option()))
	if len(w.dialed()) != 1 {
		c.Fatalf("one connection is open after the dials %v", w.dialed())
	}
	real := w.dialed()[0]

	if cfg.TLS != nil && cfg.TLS.ServerName == "" {
		cfg.TLS.ServerName = cfg.Host
	}
	cfg.Host = "drivertest.invalid" // a name that only the far end of a tunnel knows has to get there
	w = c.wire()
	w.use(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, real.network, real.addr)
	})
	c.hold(c.open(cfg, w.option()), 3)
	if dials := w.dialed(); len(dials) != 3 {
		c.Errorf("3 connections are open after the dials %v", dials)
	}
	for _, d := range w.dialed() {
		if d.network != "tcp" || !strings.HasPrefix(d.addr, cfg.Host+":") {
			c.Errorf("dialed %v, want tcp and %s", d, cfg.Host)
		}
	}
}

func dialerErrorComesThrough(c check) {
	failure := errors.New("drivertest: the tunnel is closed")
	w := c.wire()
	w.use(func(context.Context, string, string) (net.Conn, error) { return nil, failure })
	if e, _ := c.fail(c.ctx(), c.config(), w.option()); !errors.Is(e, failure) {
		c.Errorf("the error of the dialer is not in %v", e)
	}
}

func credentialsAreAsked(c check) {
	cfg := c.pool(3)
	cfg.User, cfg.Password = "drivertest_"+unique(), c.secret() // which are not to be used
	var asked atomic.Int32
	ask := conn.WithCredentials(func(ctx context.Context, _ conn.LoginRequest) (conn.Login, error) {
		asked.Add(1)
		if _, limited := ctx.Deadline(); !limited {
			c.Error("the context that WithCredentials gets has no deadline")
		}
		return conn.Login{User: c.Config.User, Password: c.Config.Password}, nil
	})
	var n counter
	db := c.open(cfg, ask, n.option())
	c.hold(db, 3)
	if asked.Load() != 3 || n.connects.Load() != 3 {
		c.Errorf("WithCredentials was asked %d times for 3 connections", asked.Load())
	}
}

// refusedIsAskedAgain has a password that changes between the question and the login, and one that does not.
func refusedIsAskedAgain(c check) {
	for _, changed := range []bool{true, false} {
		wrong := c.secret()
		var asked []bool
		ask := conn.WithCredentials(func(_ context.Context, r conn.LoginRequest) (conn.Login, error) {
			asked = append(asked, r.Refused)
			if r.Refused && changed {
				return conn.Login{Password: c.Config.Password}, nil // of the user in the config
			}
			return conn.Login{Password: wrong}, nil
		})
		w := c.wire()
		if changed {
			c.works(c.open(c.config(), ask, w.option()))
		} else if e, _ := c.fail(c.ctx(), c.config(), ask, w.option()); e.Kind != registry.KindAuth || e.Attempts != 1 {
			c.Errorf("got the kind %q after %d attempts: %v", e.Kind, e.Attempts, e)
		}
		if !slices.Equal(asked, []bool{false, true}) {
			c.Errorf("WithCredentials was asked, with Refused, %v", asked)
		}
		if want := map[bool]int{true: 2, false: 1}[changed]; len(w.dialed()) != want {
			c.Errorf("there were the dials %v, want %d", w.dialed(), want)
		}
	}
}

func credentialsErrorComesThrough(c check) {
	failure := errors.New("drivertest: the vault is locked")
	e, _ := c.fail(c.ctx(), c.config(), conn.WithCredentials(func(context.Context, conn.LoginRequest) (conn.Login, error) {
		return conn.Login{User: "user", Password: c.secret()}, failure
	}))
	if !errors.Is(e, failure) || e.Attempts != 1 {
		c.Errorf("the error of WithCredentials is not in %v, or was repeated: %d attempts", e, e.Attempts)
	}
}

// tlsIsKept asks for TLS that takes any certificate. The server has it, and then refuses the login inside, or
// has not, and then the driver must not go on without. The name of the user is what to look for: every
// protocol sends it as it is.
func tlsIsKept(c check) {
	cfg := c.config()
	cfg.User, cfg.Password = "drivertest_"+unique(), c.secret()

	cfg.TLS = nil
	plain := c.wire()
	c.fail(c.ctx(), cfg, plain.option())
	if !plain.shows(cfg.User) {
		c.Skip("even without TLS the login cannot be read, so that there is nothing to look for")
	}

	cfg.TLS = &registry.TLS{SkipVerify: true}
	w := c.wire()
	e, _ := c.fail(c.ctx(), cfg, w.option())
	if e.Kind != registry.KindAuth && e.Kind != registry.KindTLS && e.Kind != registry.KindConfig || e.Attempts > 1 {
		c.Errorf("got the kind %q after %d attempts: %v", e.Kind, e.Attempts, e)
	}
	if w.shows(cfg.User) {
		c.Error("TLS was asked for, and the login went over the wire for all to read")
	}
	c.Logf("with TLS: %v", e)
}

func silenceFreesSlot(c check) {
	cfg, hole := c.pool(1), c.badServer(silent)
	cfg.ConnectTimeout = 3 * silence
	w := c.wire()
	db := c.open(cfg, w.option())
	real := w.dial
	w.use(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return real(ctx, "tcp", net.JoinHostPort(hole.Host, strconv.Itoa(hole.Port)))
	})
	c.retire(db)
	// The one who waits for the only slot has no attempt to connect of its own.
	for _, err := range c.together(2, func() error { return run(c.ctx(), db, c.testQuery()) }) {
		if kind := db.Diagnose(err).Kind; kind != registry.KindTimeout {
			c.Errorf("got %v, of the kind %q, want %q", err, kind, registry.KindTimeout)
		}
	}
	w.use(real)
	if !eventually(patience, func() bool { return c.run(c.ctx(), db, c.testQuery()) == nil }) {
		c.Error("the pool did not recover")
	}
}
