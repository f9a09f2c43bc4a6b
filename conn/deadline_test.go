package conn_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// undying is a connection without deadlines, as that of golang.org/x/crypto/ssh: https://go.dev/issue/65930
type undying struct {
	net.Conn
	open   *atomic.Int32
	closed atomic.Bool
}

var errNoDeadline = errors.New("ssh: tcpChan: deadline not supported")

func (*undying) SetDeadline(time.Time) error      { return errNoDeadline }
func (*undying) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (*undying) SetWriteDeadline(time.Time) error { return errNoDeadline }

func (c *undying) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// tunnel dials such connections, and counts those that are open.
func tunnel(open *atomic.Int32) conn.Option {
	return conn.WithDialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &undying{Conn: c, open: open}, nil
	})
}

// tunneled are the servers that are talked to through a tunnel, and a statement that takes long.
func tunneled(t *testing.T) map[string]struct {
	cfg  conn.Config
	slow string
} {
	return map[string]struct {
		cfg  conn.Config
		slow string
	}{
		"postgres": {testserver.Postgres(t).Config(), "SELECT pg_sleep(60)"},
		"mysql":    {testserver.MariaDB(t).Config(), "SELECT SLEEP(60)"},
		"mssql":    {tdstest.Start(t, tdstest.Options{}).Config(), "waitfor delay '00:01:00'"},
	}
}

// A2: timeouts and contexts hold although the connection refuses deadlines.
func TestDeadlinesHoldInATunnelThatHasNone(t *testing.T) {
	for dialect, s := range tunneled(t) {
		t.Run(dialect, func(t *testing.T) {
			var open atomic.Int32
			silent := testproxy.Silent(t)
			dead := s.cfg.Clone()
			dead.Host, dead.Port, dead.ConnectTimeout = silent.Host(), silent.Port(), 300*time.Millisecond
			start := time.Now()
			_, _, err := trial(limit(t), t, once(dead), tunnel(&open))
			if took := time.Since(start); conn.KindOf(err) != conn.KindTimeout || took > dead.ConnectTimeout+little {
				t.Errorf("after %v: %v", took, err)
			}
			c, _ := opens(t, s.cfg, tunnel(&open))
			ctx, cancel := context.WithTimeout(limit(t), 200*time.Millisecond)
			defer cancel()
			start = time.Now()
			_, err = c.ExecContext(ctx, s.slow)
			if took := time.Since(start); c.Diagnose(err).Kind != conn.KindCanceled || took > 6*time.Second { // SQL Server has 5 s to confirm
				t.Errorf("the statement: after %v: %v", took, err)
			}
			works(t, c)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			await(t, "no connection is left", func() bool { return open.Load() == 0 })
		})
	}
}

// A3: a dialer that gives up by itself has timed out, and is asked again.
func TestATimeoutOfTheDialerIsATimeout(t *testing.T) {
	for dialect, s := range tunneled(t) {
		dial := (&net.Dialer{Timeout: time.Nanosecond}).DialContext
		e := fails(t, s.cfg, outcome{conn.KindTimeout, 3, "firewall"}, conn.WithDialer(dial))
		if !errors.Is(e, context.DeadlineExceeded) { // as package net has it
			t.Errorf("%s: %v", dialect, e)
		}
	}
}

// A8: credentials without a user leave that of the config.
func TestCredentialsWithoutAUserLeaveThatOfTheConfig(t *testing.T) {
	for _, s := range tunneled(t) {
		password := s.cfg.Password
		s.cfg.Password = conn.Secret{}
		c, _ := opens(t, s.cfg, conn.WithCredentials(func(context.Context, conn.LoginRequest) (conn.Login, error) {
			return conn.Login{Password: password}, nil
		}))
		works(t, c)
	}
}
