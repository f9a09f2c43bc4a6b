package conn_test

import (
	"bytes"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// certified is a user whom the server takes with a client certificate only.
var certified = map[string]struct {
	options testserver.Options
	create  string
}{
	"postgres": {
		testserver.Options{HBA: []string{"hostssl all certified all scram-sha-256 clientcert=verify-ca"}},
		"CREATE ROLE certified LOGIN PASSWORD '" + password + "'",
	},
	"mysql": {testserver.Options{}, "CREATE USER certified IDENTIFIED BY '" + password + "' REQUIRE X509"},
}

func TestTLSMeansTheSameInEveryDialect(t *testing.T) {
	theirs, selfSigned := testcert.NewCA("theirs"), testcert.SelfSigned()
	onEach(t, func(t *testing.T, dialect string) {
		options := certified[dialect].options
		s := starters[dialect](t, options)
		setup(t, s, []string{certified[dialect].create})
		client := func(pair testcert.Pair) conn.TLS {
			return conn.TLS{CA: s.CA.PEM, Cert: pair.Cert, Key: conn.NewSecret(pair.Key)}
		}
		ours := conn.TLS{CA: s.CA.PEM}
		opened := outcome{attempts: 1}
		refused := func(says string) outcome { return outcome{conn.KindTLS, 1, says} }
		good, expired, wrongHost := s.CA.Server(), s.CA.Expired(), s.CA.WrongHost()
		for _, c := range []struct {
			name string
			cert testcert.Pair // the server's
			user string
			tls  conn.TLS
			want outcome
		}{
			{"own CA", good, "", ours, opened},
			{"SkipVerify", good, "", conn.TLS{SkipVerify: true}, opened},
			{"another name to verify", good, "", conn.TLS{CA: s.CA.PEM, ServerName: "localhost"}, opened},
			{"unknown CA", good, "", conn.TLS{}, refused("put its certificate into ssl.ca")},
			{"another CA", good, "", conn.TLS{CA: theirs.PEM}, refused("put its certificate into ssl.ca")},
			{"client certificate", good, "certified", client(s.Client), opened},
			{"client certificate missing", good, "certified", ours, outcome{conn.KindAuth, 1, "ssl.cert"}},
			{"client certificate of others", good, "certified", client(theirs.Client("certified")), refused("does not trust the authority of the client certificate")},
			{"expired", expired, "", ours, refused("the server's certificate has expired")},
			{"expired, SkipVerify", expired, "", conn.TLS{SkipVerify: true}, opened},
			{"wrong host", wrongHost, "", ours, refused("the server's certificate is for another name")},
			{"wrong host, SkipVerify", wrongHost, "", conn.TLS{SkipVerify: true}, opened},
			{"wrong host that is expected", wrongHost, "", conn.TLS{CA: s.CA.PEM, ServerName: "elsewhere.invalid"}, opened},
			{"self-signed", selfSigned, "", conn.TLS{}, refused("the server's certificate is self-signed")},
			{"self-signed and trusted", selfSigned, "", conn.TLS{CA: selfSigned.Cert}, opened},
		} {
			if options.Cert == nil || *options.Cert != c.cert {
				options.Cert = &c.cert
				s.Restart(t, options)
			}
			t.Run(c.name, func(t *testing.T) {
				cfg, proxy := through(t, s)
				cfg.TLS = &c.tls
				if c.user != "" {
					cfg = as(cfg, c.user, password)
					if dialect == "mysql" {
						cfg.Database = ""
					}
				}
				if c.want == opened {
					db, _ := opens(t, cfg)
					works(t, db)
				} else {
					fails(t, cfg, c.want)
				}
				if n := len(proxy.Conns()); n != 1 {
					t.Errorf("the server was connected to %d times", n)
				}
				discreet(t, proxy, cfg)
			})
		}

		t.Run("the server loses its TLS", func(t *testing.T) {
			cfg, proxy := through(t, s)
			cfg.TLS = &conn.TLS{CA: selfSigned.Cert}
			db, _ := opens(t, cfg)
			works(t, db)
			s.Restart(t, testserver.Options{NoTLS: true})
			before := len(proxy.Conns())
			_, err := db.ExecContext(limit(t), "SELECT 1")
			for err != nil && db.Diagnose(err).Kind == conn.KindLost { // the connection from before
				_, err = db.ExecContext(limit(t), "SELECT 1")
			}
			if db.Diagnose(err).Kind != conn.KindTLS {
				t.Errorf("got the kind %q of %v", db.Diagnose(err).Kind, err)
			}
			fails(t, cfg, refused("TLS turned off"))
			fresh := proxy.Conns()[before:]
			if len(fresh) != 2 {
				t.Errorf("the server was connected to %d times, by the pool and by the second opening", len(fresh))
			}
			for _, c := range fresh {
				if want := withoutTLS[dialect]; !bytes.Equal(c.Sent(), want) {
					t.Errorf("sent %q to a server without TLS, want %q and nothing else", c.Sent(), want)
				}
			}
			discreet(t, proxy, cfg)
		})
	})
}

// withoutTLS is what is said to a server without TLS: to PostgreSQL the question for it, and nothing to MySQL, whose
// greeting tells. https://www.postgresql.org/docs/current/protocol-message-formats.html SSLRequest
var withoutTLS = map[string][]byte{"postgres": {0, 0, 0, 8, 4, 210, 22, 47}}

// discreet fails the test if somebody on the line could read who logs in.
func discreet(t *testing.T, proxy *testproxy.Proxy, cfg conn.Config) {
	t.Helper()
	for _, text := range []string{cfg.User, cfg.Password.Reveal()} {
		if bytes.Contains(proxy.Sent(), []byte(text)) {
			t.Errorf("%q went over the line for all to read", text)
		}
	}
}

func TestWithoutTLSTheLineIsReadable(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) { // or else the tests above could not fail
		cfg, proxy := through(t, servers[dialect](t))
		opens(t, cfg)
		if !bytes.Contains(proxy.Sent(), []byte(cfg.User)) {
			t.Error("the user name is not to be found")
		}
	})
}
