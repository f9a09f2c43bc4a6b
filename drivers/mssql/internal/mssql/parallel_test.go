package mssql

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// fakeConn is a connection that is only opened and closed.
type fakeConn struct {
	net.Conn
	closed bool
}

func (c *fakeConn) Close() error { c.closed = true; return nil }

// subnets dials addresses that answer after a time, with a connection or an error.
type subnets map[string]struct {
	after time.Duration
	conn  *fakeConn // nil: refused
}

var errRefused = errors.New("refused")

func (s subnets) dial(ctx context.Context, _, address string) (net.Conn, error) {
	a := s[address]
	select {
	case <-time.After(a.after):
	case <-ctx.Done():
		if !strings.HasPrefix(address, "late") { // one that succeeds all the same
			return nil, ctx.Err()
		}
	}
	if a.conn == nil {
		return nil, errRefused
	}
	return a.conn, nil
}

func TestFirstAddressThatAnswers(t *testing.T) {
	good, late := new(fakeConn), new(fakeConn)
	s := subnets{
		"dead":    {time.Hour, nil},
		"refuses": {0, nil},
		"good":    {time.Second, good},
		"late":    {time.Minute, late},
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		conn, err := dialAny(t.Context(), s.dial, "tcp", []string{"dead", "refuses", "good", "late"})
		if conn != net.Conn(good) || err != nil || time.Since(begin) != time.Second {
			t.Errorf("got %v, %v after %v", conn, err, time.Since(begin))
		}
		if good.closed || !late.closed {
			t.Errorf("the first is closed: %t, the second is closed: %t", good.closed, late.closed)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := dialAny(ctx, s.dial, "tcp", []string{"dead", "refuses"})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) {
			t.Errorf("got %v, want what happened at both addresses", err)
		}
	})
}

func TestMultiSubnetFailover(t *testing.T) {
	s := start(t)
	addresses, err := net.LookupHost("localhost")
	if err != nil {
		t.Fatal(err)
	}
	cfg := with(s.Config(), "multiSubnetFailover", "true")
	cfg.Host, cfg.TLS = "localhost", &registry.TLS{CA: authority.PEM}
	var mu sync.Mutex
	var dialed []string
	env := registry.Env{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		mu.Lock()
		dialed = append(dialed, host)
		mu.Unlock()
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	if err := pool(t, cfg, env).PingContext(limit(t)); err != nil {
		t.Fatal(err) // verified by the name, although an address was dialed
	}
	slices.Sort(dialed)
	slices.Sort(addresses)
	if !slices.Equal(dialed, addresses) {
		t.Errorf("dialed %q, want %q", dialed, addresses)
	}

	cfg.Host = "db.invalid"
	expect(t, try(t, cfg), registry.KindUnreachable, "does not exist")
	cfg.Host = "127.0.0.1"
	if err := try(t, cfg); err != nil {
		t.Error(err)
	}
}

func TestNameIsLeftToTheDialer(t *testing.T) {
	s := start(t)
	cfg := s.Config()
	cfg.Host = "only-behind-the-tunnel.invalid"
	env := registry.Env{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, cfg.Host+":") {
			t.Errorf("dialed %s, want the name", address)
		}
		return new(net.Dialer).DialContext(ctx, network, s.Addr())
	}}
	if err := pool(t, cfg, env).PingContext(limit(t)); err != nil {
		t.Error(err)
	}
}
