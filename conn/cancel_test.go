package conn_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
)

// leaving is a caller who cancels at some moment of the second attempt.
type leaving struct {
	proxy  *testproxy.Proxy
	cancel func()
}

// at has the caller leave, and the server say nothing, instead of the answer in a round trip.
func (l leaving) at(trip int) []conn.Option {
	l.proxy.SetRule(func(c testproxy.Chunk) testproxy.Action {
		if c.FromClient || c.Trip < trip {
			return testproxy.Pass
		}
		l.cancel()
		return testproxy.Stall
	})
	return nil
}

// inDial stays in the second dial, as one to an address that nobody answers at.
func (l leaving) inDial() []conn.Option {
	dials := 0
	return []conn.Option{conn.WithDialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials++; dials == 2 {
			l.cancel()
			<-ctx.Done()
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	})}
}

func (l leaving) afterLogin() []conn.Option {
	return []conn.Option{conn.WithConnector(func(inner driver.Connector) driver.Connector {
		return &connected{inner, func() { l.at(0) }}
	})}
}

func TestACallerWhoLeavesIsAnsweredAtOnceAndToldBoth(t *testing.T) {
	encrypted, handshake := &conn.TLS{SkipVerify: true}, map[string]int{"postgres": 2, "mysql": 1}
	for _, c := range []struct {
		name  string
		tls   *conn.TLS
		leave func(l leaving, dialect string) []conn.Option // nil: during the backoff
	}{
		{"the dial", nil, func(l leaving, _ string) []conn.Option { return l.inDial() }},
		{"the server's first words", nil, func(l leaving, _ string) []conn.Option { return l.at(0) }},
		{"the login", nil, func(l leaving, _ string) []conn.Option { return l.at(2) }},
		{"the TLS handshake", encrypted, func(l leaving, dialect string) []conn.Option { return l.at(handshake[dialect]) }},
		{"the login in TLS", encrypted, func(l leaving, dialect string) []conn.Option { return l.at(handshake[dialect] + 1) }},
		{"the test of the connection", nil, func(l leaving, _ string) []conn.Option { return l.afterLogin() }},
		{"the backoff", nil, nil},
	} {
		for dialect := range servers {
			t.Run(c.name+"/"+dialect, func(t *testing.T) {
				cfg, proxy := through(t, servers[dialect](t))
				proxy.Refuse() // so that there is an error before the one that the caller makes
				cfg.TLS, cfg.ConnectTimeout = c.tls, time.Hour
				cause := errors.New("the user pressed a key")
				ctx, cancel := context.WithCancelCause(limit(t))
				var left atomic.Pointer[time.Time]
				l := leaving{proxy, func() {
					left.CompareAndSwap(nil, new(time.Now()))
					cancel(cause)
				}}
				between, attempts, opts := proxy.Accept, 2, []conn.Option(nil)
				if c.leave == nil {
					between, attempts, opts = l.cancel, 1, nil
					cfg.Retry = conn.Retry{Delay: time.Hour}
				} else {
					opts = c.leave(l, dialect)
				}
				_, _, err := trial(ctx, t, cfg, append(opts, onFailure(t, between))...)
				e, ok := errors.AsType[*conn.Error](err)
				if !ok || left.Load() == nil {
					t.Fatalf("got %v", err)
				}
				if took := time.Since(*left.Load()); took > little {
					t.Errorf("answered after %v", took)
				}
				if e.Kind != conn.KindCanceled || e.Attempts != attempts || !errors.Is(err, cause) || !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("got the kind %q after %d attempts: %v", e.Kind, e.Attempts, err)
				}
				text := err.Error()
				if !strings.Contains(text, "; before that: ") && !strings.Contains(text, "(retries stopped: ") || !strings.Contains(text, cause.Error()) {
					t.Errorf("it says %s", text)
				}
			})
		}
	}
}
