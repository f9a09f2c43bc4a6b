package mssql

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

// route has the first server send every login on.
func route(s *tdstest.Server, host string, port int) {
	s.Configure(func(o *tdstest.Options) {
		o.Login = func(tdstest.Login) tdstest.LoginAnswer {
			return tdstest.LoginAnswer{Route: &tdstest.Route{Host: host, Port: port}}
		}
	})
}

func TestRouting(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			gateway, replica := start(t), start(t)
			route(gateway, "localhost", replica.Port())
			cfg := m.config(gateway)
			cfg.Role = registry.RoleReader
			replica.Configure(func(o *tdstest.Options) { o.ReadOnly = true })
			if err := try(t, cfg); err != nil {
				t.Fatal(err)
			}
			got := last(t, replica)
			if got.Login == nil || !got.Login.ReadOnly || got.Login.Database != cfg.Database || got.Login.ServerName != "localhost" {
				t.Errorf("the replica got %+v", got)
			}
			gateway.AwaitClosed(t)
			replica.AwaitClosed(t)
		})
	}
}

// TestRoutedServerIsVerifiedByItsName has a server send the client on to one whose certificate is for another name.
func TestRoutedServerIsVerifiedByItsName(t *testing.T) {
	gateway := start(t)
	replica := tdstest.Start(t, tdstest.Options{TLS: certificate(authority.WrongHost())})
	for _, m := range modes[1:] {
		for _, host := range []string{"127.0.0.1", "localhost"} {
			route(gateway, host, replica.Port())
			expect(t, try(t, m.config(gateway)), registry.KindTLS, "another name")
			if last(t, replica).Login != nil {
				t.Error("a login was sent to a server that is not trusted")
			}
		}
	}
	cfg := modes[1].config(replica)
	cfg.TLS = &registry.TLS{CA: authority.PEM, ServerName: "elsewhere.invalid"}
	if err := try(t, cfg); err != nil {
		t.Error(err)
	}
}

func TestRoutesThatLeadNowhere(t *testing.T) {
	s := start(t)
	for _, m := range modes {
		route(s, "127.0.0.1", s.Port())
		before := len(s.Connections())
		expect(t, try(t, m.config(s)), registry.KindConfig, "circle")
		if n := len(s.Connections()) - before; n != maxRoutes {
			t.Errorf("%s: the client went around %d times, want %d", m.name, n, maxRoutes)
		}
		route(s, `\INSTANCE`, s.Port()) // which has no host in it
		if err := try(t, m.config(s)); err == nil {
			t.Errorf("%s: it connects", m.name)
		} else if m.name != "plaintext" && last(t, s).Login == nil {
			t.Errorf("%s: it did not get as far as the route: %v", m.name, err)
		}
	}
	s.AwaitClosed(t)
}
