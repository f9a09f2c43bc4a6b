package conn_test

import (
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
)

// server is a listener or a proxy.
type server interface {
	Host() string
	Port() int
}

func connections(s server) int {
	if l, ok := s.(*testproxy.Listener); ok {
		return l.Accepted()
	}
	return len(s.(*testproxy.Proxy).Conns())
}

// A server of MySQL speaks first. So its client and who waits to be spoken to, such as a web server, wait for each
// other.
func TestWhatAnswersIsNoServerOfTheDialect(t *testing.T) {
	const wrongPort = "check host and port"
	_, postgres := through(t, servers["postgres"](t))
	_, mysql := through(t, servers["mysql"](t))
	closing, resetting, garbage, web, silent := testproxy.Closing(t), testproxy.Resetting(t), testproxy.Garbage(t), testproxy.HTTP(t), testproxy.Silent(t)
	for _, c := range []struct {
		name    string
		server  server
		dialect string
		plain   outcome
		tls     outcome
	}{
		{"hangs up", closing, "postgres", outcome{conn.KindLost, 3, "server's log"}, outcome{conn.KindLost, 3, "server's log"}},
		{"resets", resetting, "postgres", outcome{conn.KindLost, 3, "server's log"}, outcome{conn.KindLost, 3, "server's log"}},
		{"garbage", garbage, "postgres", outcome{conn.KindConfig, 1, wrongPort}, outcome{conn.KindConfig, 1, wrongPort}},
		{"web server", web, "postgres", outcome{conn.KindConfig, 1, wrongPort}, outcome{conn.KindConfig, 1, wrongPort}},
		{"silence", silent, "postgres", outcome{conn.KindTimeout, 3, "firewall"}, outcome{conn.KindTimeout, 3, "firewall"}},
		{"MariaDB", mysql, "postgres", outcome{conn.KindConfig, 1, wrongPort}, outcome{conn.KindConfig, 1, wrongPort}},

		{"hangs up", closing, "mysql", outcome{conn.KindLost, 3, "server's log"}, outcome{conn.KindLost, 3, "server's log"}},
		{"resets", resetting, "mysql", outcome{conn.KindLost, 3, "server's log"}, outcome{conn.KindLost, 3, "server's log"}},
		{"garbage", garbage, "mysql", outcome{conn.KindConfig, 1, wrongPort}, outcome{conn.KindConfig, 1, wrongPort}},
		{"web server", web, "mysql", outcome{conn.KindTimeout, 3, "are those of the database"}, outcome{conn.KindTimeout, 3, "are those of the database"}},
		{"silence", silent, "mysql", outcome{conn.KindTimeout, 3, "firewall"}, outcome{conn.KindTimeout, 3, "firewall"}},
		{"PostgreSQL", postgres, "mysql", outcome{conn.KindTimeout, 3, "are those of the database"}, outcome{conn.KindTimeout, 3, "are those of the database"}},
	} {
		for mode, want := range map[string]outcome{"plain": c.plain, "TLS": c.tls} {
			t.Run(c.dialect+"/"+c.name+"/"+mode, func(t *testing.T) {
				cfg := conn.Config{
					Dialect: c.dialect, Host: c.server.Host(), Port: c.server.Port(), Database: "shop",
					User: "app", Password: conn.NewSecret(password), ConnectTimeout: patience,
				}
				if want.kind == conn.KindTimeout {
					cfg.ConnectTimeout = 200 * time.Millisecond                          // long enough for a dial on a busy machine
					cfg.Retry = conn.Retry{Max: 2, Delay: cfg.ConnectTimeout, Factor: 1} // or an attempt gets the result of the one before it
				}
				if mode == "TLS" {
					cfg.TLS = &conn.TLS{SkipVerify: true}
				}
				before := connections(c.server)
				fails(t, cfg, want)
				await(t, "it has accepted them", func() bool { return connections(c.server)-before >= want.attempts })
				if n := connections(c.server) - before; n != want.attempts {
					t.Errorf("it was connected to %d times", n)
				}
			})
		}
	}
}
