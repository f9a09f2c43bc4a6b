package conn_test

import (
	"context"
	"encoding/binary"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// dialing counts how often a server is dialed, and may do so by a name server of its own.
type dialing struct {
	net.Dialer
	n atomic.Int32
}

func (d *dialing) option() conn.Option {
	return conn.WithDialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		d.n.Add(1)
		return d.DialContext(ctx, network, addr)
	})
}

func TestAServerThatIsDownComesUpDuringTheBackoff(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := starters[dialect](t, testserver.Options{})
		s.Stop(t)
		var d dialing
		fails(t, s.Config(), outcome{conn.KindUnreachable, 3, "the database server is running"}, d.option())
		if n := d.n.Load(); n != 3 {
			t.Errorf("dialed %d times", n)
		}
		c, _ := opens(t, s.Config(), onFailure(t, func() { s.Restart(t, testserver.Options{}) }))
		works(t, c)
	})
}

func TestAServerThatIsStartingIsReadyForALaterAttempt(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{Starting: true})
	fails(t, s.Config(), outcome{conn.KindStarting, 3, "wait until the server is ready"})
	c, _ := opens(t, s.Config(), onFailure(t, func() { s.Restart(t, testserver.Options{}) }))
	works(t, c)
}

func TestAServerThatIsShuttingDownIsThereAgainForALaterAttempt(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := starters[dialect](t, testserver.Options{})
		occupy(t, s.Config(), 1) // which PostgreSQL waits for
		s.Signal(t, syscall.SIGTERM)
		for { // it needs a moment to notice
			c, _, err := trial(limit(t), t, once(s.Config()))
			if err != nil {
				if !conn.Retryable(err) {
					t.Errorf("while the server shuts down: %v", err)
				}
				break
			}
			_ = c.Close()
		}
		if dialect == "postgres" { // MariaDB hangs up, and then it is gone
			fails(t, s.Config(), outcome{conn.KindStarting, 3, "shutting down: wait until it has been started again"})
		}
		c, _ := opens(t, retrying(s.Config(), steadfast), onFailure(t, func() { s.Restart(t, testserver.Options{}) }))
		works(t, c)
	})
}

// nameServer answers every question with a code, and returns a resolver that asks it.
// https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1
func nameServer(t *testing.T, code byte) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		question := make([]byte, 512)
		for {
			n, from, err := c.ReadFrom(question)
			if err != nil {
				return
			}
			answer := question[:n]
			answer[2] |= 0x80 // a response
			answer[3] = answer[3]&0xf0 | code
			binary.BigEndian.PutUint16(answer[10:], 0) // additional records, which the question may have
			_, _ = c.WriteTo(answer, from)
		}
	}()
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

func TestANameThatDoesNotResolve(t *testing.T) {
	const noSuchName, serverFailure = 3, 2
	for dialect := range servers {
		cfg := conn.Config{Dialect: dialect, Host: "db.patchbay.example", User: "app", Password: conn.NewSecret(password), Database: "shop"}
		for name, c := range map[string]struct {
			code  byte
			retry conn.Retry
			want  outcome
		}{
			"no such name":                {noSuchName, quick, outcome{conn.KindUnreachable, 1, "the name does not exist"}},
			"no such name yet":            {noSuchName, conn.Retry{Max: 2, Delay: -1, UnknownHost: true}, outcome{conn.KindUnreachable, 3, "the name does not exist"}},
			"name server that is failing": {serverFailure, quick, outcome{conn.KindUnreachable, 3, "could not be looked up"}},
		} {
			t.Run(dialect+"/"+name, func(t *testing.T) {
				d := dialing{Dialer: net.Dialer{Resolver: nameServer(t, c.code)}}
				fails(t, retrying(cfg, c.retry), c.want, d.option())
				if n := int(d.n.Load()); n != c.want.attempts {
					t.Errorf("dialed %d times", n)
				}
			})
		}
	}
}
