package mssql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

// TestCallerLeaves has the caller give up while a server is silent at each stage of the second attempt, and in its
// dial. The driver does not heed a context in most of them, and the caller is answered at once all the same.
func TestCallerLeaves(t *testing.T) {
	const dial tdstest.Stage = "dial"
	for _, m := range modes {
		for _, stage := range append([]tdstest.Stage{dial}, stages[m.name]...) {
			t.Run(fmt.Sprintf("%s, %s", m.name, stage), func(t *testing.T) {
				t.Parallel()
				s := start(t)
				if stage != dial {
					s.Misbehave(tdstest.Fault{At: stage, Do: tdstest.Silence})
				}
				cfg := m.config(s)
				cfg.ConnectTimeout = time.Hour
				cause := errors.New("the user pressed a key")
				ctx, cancel := context.WithCancelCause(limit(t))
				var left time.Time
				leave := func() {
					left = time.Now()
					cancel(cause)
				}
				dials := 0
				e := openingWith(ctx, t, cfg, conn.WithDialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
					if dials++; dials == 1 {
						return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
					}
					time.AfterFunc(50*time.Millisecond, leave) // by then it is silent
					if stage == dial {
						<-ctx.Done()
					}
					return new(net.Dialer).DialContext(ctx, network, addr)
				}))
				if took := time.Since(left); took > soon {
					t.Errorf("answered after %v", took)
				}
				if e.Kind != registry.KindCanceled || e.Attempts != 2 || !errors.Is(e, cause) || !errors.Is(e, syscall.ECONNREFUSED) {
					t.Errorf("got the kind %q after %d attempts: %v", e.Kind, e.Attempts, e)
				}
				s.AwaitClosed(t)
			})
		}
	}
}
