package conn_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// severally is cfg with several hosts, of which its own is the last.
func severally(cfg conn.Config, before ...string) conn.Config {
	cfg.Hosts = append(before, addr(cfg))
	cfg.Host, cfg.Port = "", 0
	return cfg
}

// B7: the first of two hosts is silent, frozen, or refuses. Opening takes its share, and no call fails.
func TestTheFirstHostIsOfNoUse(t *testing.T) {
	const timeout = 3 * time.Second
	onEach(t, func(t *testing.T, dialect string) {
		cfg := servers[dialect](t).Config()
		cfg.ConnectTimeout, cfg.Pool.Max = timeout, 8
		plain, _ := opens(t, cfg)
		_, frozen := through(t, servers[dialect](t))
		frozen.Stall()
		_, refusing := through(t, servers[dialect](t))
		refusing.Refuse()
		for name, first := range map[string]string{
			"silent": testproxy.Silent(t).Addr(), "frozen": frozen.Addr(), "refusing": refusing.Addr(), "closing": testproxy.Closing(t).Addr(),
		} {
			start := time.Now()
			c, _ := opens(t, severally(cfg, first))
			if took := time.Since(start); took > timeout/2+little {
				t.Errorf("%s: opening took %v", name, took)
			}
			most := max(timeout, 2*callsTake(t, plain)) // on a busy machine
			if took := callsTake(t, c); took > most {
				t.Errorf("%s: 48 calls took %v, more than %v", name, took, most)
			}
		}
	})
}

// callsTake makes 48 calls at the same time and returns how long all of them took.
func callsTake(t *testing.T, c *conn.Conn) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for range 48 {
		all.Go(func() { works(t, c) })
	}
	all.Wait()
	return time.Since(start)
}

// A server goes away, for one pool with it and another one, and its pool goes elsewhere and comes back.
func TestAHostGoesAndComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		cfg := servers[dialect](t).Config()
		_, first := through(t, servers[dialect](t))
		cfg = severally(cfg, first.Addr())
		cfg.Pool.MaxIdle = -1 // every call dials
		c, r := opens(t, cfg)
		works(t, c)
		first.Refuse()
		first.CloseAll()
		for range 3 {
			works(t, c)
		}
		if down := of[conn.HostDown](r); len(down) != 1 || down[0].Host != first.Addr() || down[0].Kind != conn.KindUnreachable {
			t.Errorf("listeners heard %v", down)
		}
		first.Accept()
		await(t, "the first host is used again", func() bool {
			works(t, c)
			return len(of[conn.HostUp](r)) == 1
		})
		before := len(first.Conns())
		works(t, c)
		if len(first.Conns()) != before+1 {
			t.Error("a call goes elsewhere")
		}
	})
}

// Each host is verified by its own name, and one with a certificate for another name is passed over.
func TestEachHostIsVerified(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := servers[dialect](t)
		elsewhere := s.CA.WrongHost()
		other := starters[dialect](t, testserver.Options{Cert: &elsewhere})
		cfg := s.Config()
		cfg.TLS = &conn.TLS{CA: s.CA.PEM}
		c, r := opens(t, severally(cfg, addr(other.Config()), "localhost:"+strconv.Itoa(cfg.Port)))
		works(t, c)
		if down := of[conn.HostDown](r); len(down) != 1 || down[0].Kind != conn.KindTLS {
			t.Errorf("listeners heard %v", down)
		}
	})
}

// A wrong password is tried at one host.
func TestAWrongPasswordIsTriedAtOneHost(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		cfg := as(servers[dialect](t).Config(), "nobody", "wrong")
		_, first := through(t, servers[dialect](t))
		_, second := through(t, servers[dialect](t))
		cfg.Hosts = []string{first.Addr(), second.Addr()}
		cfg.Host, cfg.Port = "", 0
		fails(t, cfg, outcome{conn.KindAuth, 1, "verify user and password"})
		if a, b := len(first.Conns()), len(second.Conns()); a != 1 || b != 0 {
			t.Errorf("%d logins at the first host, %d at the second", a, b)
		}
	})
}

// B9: while the primary is gone and the standby not promoted yet, opening waits, and tells both if it is in vain.
func TestOpeningWaitsForAPromotion(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	admin, _ := opens(t, s.Config())
	promote := func(on string) {
		for _, statement := range []string{"ALTER SYSTEM SET default_transaction_read_only = " + on, "SELECT pg_reload_conf()"} {
			if _, err := admin.ExecContext(limit(t), statement); err != nil {
				t.Fatal(err)
			}
		}
		await(t, "it is "+on, func() bool {
			c, _, err := trial(limit(t), t, once(s.Config()))
			var is string
			return err == nil && c.QueryRowContext(limit(t), "SHOW default_transaction_read_only").Scan(&is) == nil && is == on
		})
	}
	if _, err := admin.ExecContext(limit(t), "SET default_transaction_read_only = off"); err != nil {
		t.Fatal(err)
	}
	promote("on")
	_, gone := through(t, s)
	gone.Refuse()
	cfg := severally(s.Config(), gone.Addr())
	cfg.Role = conn.RoleWriter
	e := fails(t, cfg, outcome{conn.KindRole, 3, "wait until a server has this role"})
	for _, part := range []string{gone.Addr() + ": ", "connection refused", addr(s.Config()) + ": the server is a reader"} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%v does not tell %s", e, part)
		}
	}
	hosts := 0
	for err := range each[*conn.HostError](e) {
		if hosts++; (err.Host == gone.Addr()) != (err.Kind == conn.KindUnreachable) || (err.Role == conn.RoleReader) != (err.Kind == conn.KindRole) {
			t.Errorf("got %+v", err)
		}
	}
	if hosts != 2 {
		t.Errorf("%d hosts are told", hosts)
	}
	cfg.Retry = conn.Retry{Max: 100, Delay: 50 * time.Millisecond, Factor: 1}
	c, _ := opens(t, cfg, onFailure(t, func() { promote("off") }))
	works(t, c)
}

// each yields the errors of a type that are joined in err.
func each[E error](err error) func(func(E) bool) {
	return func(yield func(E) bool) {
		var walk func(error) bool
		walk = func(err error) bool {
			if one, ok := err.(E); ok {
				return yield(one)
			}
			switch err := err.(type) {
			case interface{ Unwrap() error }:
				return err.Unwrap() == nil || walk(err.Unwrap())
			case interface{ Unwrap() []error }:
				for _, one := range err.Unwrap() {
					if !walk(one) {
						return false
					}
				}
			}
			return true
		}
		walk(err)
	}
}

// The hosts of a connection string are those of the pool.
func TestHostsOfAConnectionString(t *testing.T) {
	cfg := servers["postgres"](t).Config()
	text := "host=127.0.0.1,127.0.0.1 port=1," + strconv.Itoa(cfg.Port) + " user=" + cfg.User + " dbname=" + cfg.Database + " password='" + cfg.Password.Reveal() + "'"
	c, _ := opens(t, conn.Config{Dialect: "postgres", DSN: conn.NewSecret(text)})
	works(t, c)
	parsed, err := conn.ParseDSN("postgres", text)
	if err != nil {
		t.Fatal(err)
	}
	c, _ = opens(t, parsed)
	works(t, c)
	parsed.Hosts[1] = "127.0.0.1:2"
	_, _, err = trial(limit(t), t, once(parsed))
	var one *conn.HostError
	if !errors.As(err, &one) || one.Host != "127.0.0.1:1" || conn.KindOf(err) != conn.KindUnreachable {
		t.Errorf("got %v", err)
	}
}
