package mssql

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

// TestStatementsEndWithTheirContext is the row of SQL Server in the table of what a database does within a second after the
// context of a statement has ended: it is told, and stops. It is given up to five seconds for that;
// then the connection is closed, and the statement is canceled all the same (case D4).
func TestStatementsEndWithTheirContext(t *testing.T) {
	const running, confirmation = 50 * time.Millisecond, 5 * time.Second
	for _, m := range modes {
		for how, begin := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"canceled": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(running, cancel)
				return ctx, cancel
			},
			"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, running)
			},
		} {
			for _, deaf := range []bool{false, true} {
				name := m.name + ", " + how
				if deaf && m.tls != nil { // which makes no difference, and takes its time
					continue
				}
				if deaf {
					name += ", not confirmed"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s := start(t)
					cfg := m.config(s)
					cfg.Pool.Max = 1
					db, err := open(limit(t), t, cfg)
					if err != nil {
						t.Fatal(err)
					}
					defer db.Close()
					most := soon
					if deaf {
						s.Misbehave(tdstest.Fault{At: tdstest.OnRequest, Do: tdstest.Silence, Times: 1})
						most += confirmation
					}
					before := last(t, s).Attentions // by which the driver may have closed the rows of the test
					since := time.Now()
					ctx, cancel := begin(limit(t))
					defer cancel()
					_, err = db.ExecContext(ctx, "WAITFOR DELAY '00:01:00'")
					if took := time.Since(since) - running; took > most {
						t.Errorf("it came back after %v", took)
					}
					if kind := conn.KindOf(err); kind != registry.KindCanceled {
						t.Errorf("got %v, of the kind %q", err, kind)
					}
					var stream mssql.StreamError
					if confirmed := !errors.As(err, &stream); confirmed == deaf || confirmed && !errors.Is(err, ctx.Err()) {
						t.Errorf("got %v", err)
					}
					if n := last(t, s).Attentions - before; n != 1 {
						t.Errorf("the server was told %d times", n)
					}
					if _, err := db.ExecContext(limit(t), "SELECT 1"); err != nil {
						t.Errorf("the next statement: %v", err)
					}
					want := 1
					if deaf || how == "deadline" { // the driver takes the deadline for that of the network
						want = 2
					}
					if n := len(s.Connections()); n != want {
						t.Errorf("there were %d connections, want %d", n, want)
					}
				})
			}
		}
	}
}
