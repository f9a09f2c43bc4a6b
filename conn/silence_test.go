package conn_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// little is what opening may take beyond its timeout, on a machine that is busy with other things.
const little = 2 * time.Second

// encryptions are the ways to talk to a server with TLS.
func encryptions(s *testserver.Server) map[string]*conn.TLS {
	return map[string]*conn.TLS{
		"plain":       nil,
		"verified":    {CA: s.CA.PEM},
		"unverified":  {SkipVerify: true},
		"certificate": {CA: s.CA.PEM, Cert: s.Client.Cert, Key: conn.NewSecret(s.Client.Key)},
	}
}

// stage is a moment at which a server falls silent.
type stage struct {
	name    string
	install func(p *testproxy.Proxy, reached func()) []conn.Option
	login   bool // the login is not over yet
	certain bool // it comes in every login: what TLS 1.3 sends unasked may make a round trip more
}

// stages returns those of opening as it went through the proxy.
func stages(t *testing.T, cfg conn.Config, proxy *testproxy.Proxy) (all []stage) {
	login, first := 0, 1
	opens(t, cfg, conn.WithConnector(func(inner driver.Connector) driver.Connector {
		return &connected{inner, func() { login = proxy.Trips() }}
	}))
	if cfg.Dialect == "mysql" {
		first = 0 // the greeting
	}
	for n := first; n <= proxy.Trips(); n++ {
		all = append(all, stage{fmt.Sprint("answer ", n), func(p *testproxy.Proxy, reached func()) []conn.Option {
			p.SetRule(func(c testproxy.Chunk) testproxy.Action {
				if c.FromClient || c.Trip < n {
					return testproxy.Pass
				}
				reached()
				return testproxy.Stall
			})
			return nil
		}, n <= login, n < login || cfg.TLS == nil})
	}
	return append(all, stage{"after login", func(p *testproxy.Proxy, reached func()) []conn.Option {
		return []conn.Option{conn.WithConnector(func(inner driver.Connector) driver.Connector {
			return &connected{inner, func() { p.Stall(); reached() }}
		})}
	}, false, true})
}

// connected is told of each connection.
type connected struct {
	driver.Connector
	tell func()
}

func (c *connected) Connect(ctx context.Context) (driver.Conn, error) {
	dc, err := c.Connector.Connect(ctx)
	if err == nil {
		c.tell()
	}
	return dc, err
}

// eachStage runs a test for each dialect, way to encrypt and stage, many at a time.
func eachStage(t *testing.T, test func(s *testserver.Server, encryption *conn.TLS, at stage) error) {
	var all sync.WaitGroup
	turns := make(chan struct{}, 12) // more logins at once would take as long as the timeout by themselves
	for dialect, start := range starters {
		s := start(t, testserver.Options{})
		opens(t, s.Config()) // MySQL asks more of an account that it has not seen yet
		for mode, encryption := range encryptions(s) {
			cfg, proxy := through(t, s)
			cfg.TLS = encryption
			for _, at := range stages(t, cfg, proxy) {
				all.Go(func() {
					turns <- struct{}{}
					defer func() { <-turns }()
					if err := test(s, encryption, at); err != nil {
						t.Errorf("%s, %s, %s: %v", dialect, mode, at.name, err)
					}
				})
			}
		}
	}
	all.Wait()
}

var errTooSoon = errors.New("the timeout is too short for a login")

// slower repeats a test with a longer timeout as long as logins are too slow for it.
func slower(test func(timeout time.Duration) error) error {
	for timeout := 300 * time.Millisecond; ; timeout *= 2 {
		if err := test(timeout); !errors.Is(err, errTooSoon) || timeout > patience {
			return err
		}
	}
}

func TestOpenEndsWithTheConnectTimeoutWhereverTheServerFallsSilent(t *testing.T) {
	eachStage(t, func(s *testserver.Server, encryption *conn.TLS, at stage) error {
		return slower(func(timeout time.Duration) error {
			cfg, proxy := through(t, s)
			cfg.TLS, cfg.ConnectTimeout = encryption, timeout
			if !at.login {
				cfg.Pool.Min = 3 // which are opened meanwhile
			}
			var reached atomic.Bool
			opts := at.install(proxy, func() { reached.Store(true) })
			start := time.Now()
			_, _, err := trial(limit(t), t, once(cfg), opts...)
			if err == nil && !at.certain {
				return nil
			}
			return timesOut(err, start, timeout, &reached)
		})
	})
}

// timesOut checks that an attempt, begun at start, was given up in time, and after the server had fallen silent.
func timesOut(err error, start time.Time, timeout time.Duration, reached *atomic.Bool) error {
	switch took := time.Since(start); {
	case conn.KindOf(err) != conn.KindTimeout:
		return fmt.Errorf("got the kind %q: %w", conn.KindOf(err), err)
	case took < timeout || took > timeout+little:
		return fmt.Errorf("it took %v with a timeout of %v: %w", took, timeout, err)
	case !reached.Load():
		return errTooSoon
	}
	return nil
}

// Callers without a deadline wait for the only connection of a pool, which the first of them opens.
func TestTheOnlySlotIsFreeAgainWhereverTheServerFallsSilent(t *testing.T) {
	eachStage(t, func(s *testserver.Server, encryption *conn.TLS, at stage) error {
		if !at.login {
			return nil
		}
		return slower(func(timeout time.Duration) error {
			cfg, proxy := through(t, s)
			cfg.TLS, cfg.ConnectTimeout, cfg.Pool.Max = encryption, timeout, 1
			c, _, err := trial(limit(t), t, cfg)
			if conn.KindOf(err) == conn.KindTimeout {
				return errTooSoon
			} else if err != nil {
				return err
			}
			held, err := c.DB.Conn(limit(t))
			if err != nil {
				return err
			}
			var reached atomic.Bool
			at.install(proxy, func() { reached.Store(true) })
			results := make(chan error, 2)
			for range 2 {
				go func() {
					one, err := c.DB.Conn(context.Background())
					if err == nil {
						err = one.Close()
					}
					results <- err
				}()
			}
			for c.Stats().WaitCount < 2 {
				time.Sleep(time.Millisecond)
			}
			start := time.Now()
			release(t, held)
			for n := range 2 { // database/sql opens for one after the other
				err := <-results
				if err == nil && !at.certain {
					return nil
				}
				if err := timesOut(err, start, time.Duration(n+1)*timeout, &reached); err != nil {
					return err
				}
			}
			proxy.Resume()
			if err := c.PingContext(limit(t)); conn.KindOf(err) != conn.KindTimeout {
				return err
			}
			return errTooSoon // for a login that nobody holds up
		})
	})
}
