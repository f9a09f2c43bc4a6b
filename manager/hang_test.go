package manager_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/manager"
)

func TestCloseAllTakesOneTimeoutWhenAServerFallsSilent(t *testing.T) {
	const timeout, little = 500 * time.Millisecond, 2 * time.Second
	for dialect, server := range map[string]func(testing.TB) *testserver.Server{"postgres": testserver.Postgres, "mysql": testserver.MariaDB} {
		t.Run(dialect, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			u := testuser.New(t, server(t))
			cfg, silent := u.Config(), u.Config()
			proxy := testproxy.New(t, net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)))
			silent.Host, silent.Port = proxy.Host(), proxy.Port()
			r := newRecord()
			m := manager.New(manager.WithObserver(r.bus), manager.WithCloseTimeout(timeout))
			open := func(name string, cfg conn.Config) *conn.Conn {
				t.Helper()
				c, err := m.Get(ctx, name, cfg)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			for i := range 20 {
				works(t, open(fmt.Sprint("n", i), cfg))
			}
			c := open("stuck", silent)
			asked, answer := make(chan struct{}), make(chan error, 1)
			ask := sync.OnceFunc(func() { close(asked) })
			proxy.SetRule(func(testproxy.Chunk) testproxy.Action { ask(); return testproxy.Stall })
			go func() { answer <- c.QueryRowContext(ctx, "SELECT 'anybody there?'").Scan(new(string)) }()
			<-asked

			start := time.Now()
			err := m.CloseAll(ctx)
			if took := time.Since(start); took < timeout || took > timeout+little {
				t.Errorf("took %v", took)
			}
			e, ok := errors.AsType[*conn.Error](err)
			if !ok || e.Name != "stuck" || !errors.Is(err, context.DeadlineExceeded) || strings.Count(err.Error(), "connection ") != 1 {
				t.Errorf("got %v", err)
			}
			if err := <-answer; err == nil {
				t.Error("the query has an answer")
			}
			shown := []any{err}
			for _, e := range r.values {
				shown = append(shown, e)
			}
			for _, v := range shown {
				if where := testsecret.Find(v, cfg.Password.Reveal()); where != "" {
					t.Errorf("the password is in a %T, at %s", v, where)
				}
			}
			if n := len(m.Names()); n != 0 || r.count("error stuck") != 1 || len(r.list()) != 42 {
				t.Errorf("%d are open, and the events are %q", n, r.list())
			}
			r.check(t)
			for u.Sessions() > 0 && ctx.Err() == nil {
				time.Sleep(time.Millisecond) // a server takes a moment to see that a client is gone
			}
			if n := u.Sessions(); n != 0 {
				t.Errorf("the server has %d connections", n)
			}

			proxy.Resume()
			works(t, open("stuck", silent))
			if err := m.CloseAll(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
