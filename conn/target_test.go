package conn

import (
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// TestTarget has E13: a unix socket is named by its path alone.
func TestTarget(t *testing.T) {
	info, _ := registry.Describe("mysql")
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "localhost:3306"},
		{Config{Host: "::1", Port: 3307, User: "app", Database: "shop"}, "app@[::1]:3307/shop"},
		{Config{Host: "/run/mysqld/s.sock"}, "/run/mysqld/s.sock"},
		{Config{Host: "/run/mysqld/s.sock", User: "app"}, "app@/run/mysqld/s.sock"},
		{Config{Host: "/run/postgresql", Port: 5433}, "/run/postgresql:5433"},
	} {
		if got := target(&c.cfg, []Config{c.cfg}, &info); got != c.want {
			t.Errorf("%v: got %q, want %q", c.cfg, got, c.want)
		}
	}
}
