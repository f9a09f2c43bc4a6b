package conn_test

import (
	"database/sql"
	"runtime"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
)

// A driver that does not return from closing a connection keeps database/sql from closing the next one. None is forgotten,
// also where connections are given back while the pool is closed.
func TestClosingForgetsNoConnection(t *testing.T) {
	const most = 6
	for what, fault := range map[string]func(){"panics": func() { panic("close") }, "ends its goroutine": runtime.Goexit} {
		for range 100 {
			d := newRogue(func(place string, _ int) {
				if place == "close" {
					fault()
				}
			})
			c, err := conn.Open(t.Context(), d.config(conn.Pool{Max: most}), d.options()...)
			if err != nil {
				t.Fatal(err)
			}
			all := make([]*sql.Conn, most)
			for i := range all {
				if all[i], err = c.Conn(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, one := range all[:2] {
				_ = one.Close()
			}
			var users sync.WaitGroup
			for _, one := range all[2:] {
				users.Go(func() {
					defer func() { _ = recover() }() // the connection may be closed here
					_ = one.Close()
				})
			}
			_ = c.Close() // which says that the driver panicked
			users.Wait()
			if n := d.count("close"); n != most {
				t.Fatalf("%s: %d of %d connections were closed", what, n, most)
			}
		}
	}
}
