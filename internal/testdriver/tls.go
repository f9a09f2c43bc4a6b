package testdriver

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// TLS tries what ssl in a config can ask for against what a server can have. On the server, which it restarts,
// the user certified logs in with the password "pw of certified" and any client certificate of the server's CA.
func (d Driver) TLS(t *testing.T, s *testserver.Server) {
	theirs, selfSigned := testcert.NewCA("theirs"), testcert.SelfSigned()
	ca := registry.TLS{CA: s.CA.PEM}
	expired, wrongHost := s.CA.Expired(), s.CA.WrongHost()
	client := func(pair testcert.Pair) registry.TLS {
		return registry.TLS{CA: s.CA.PEM, Cert: pair.Cert, Key: registry.NewSecret(pair.Key)}
	}

	type row struct {
		name string
		user string
		host string
		tls  registry.TLS
		kind registry.Kind // unknown: it connects
		says string
	}
	for _, server := range []struct {
		cert *testcert.Pair
		rows []row
	}{
		{nil, []row{
			{name: "own CA", tls: ca},
			{name: "two CAs", tls: registry.TLS{CA: theirs.PEM + s.CA.PEM}},
			{name: "by name", host: "localhost", tls: ca},
			{name: "other name to verify", tls: registry.TLS{CA: s.CA.PEM, ServerName: "localhost"}},
			{name: "nothing verified", tls: registry.TLS{SkipVerify: true}},
			{name: "unknown CA", kind: registry.KindTLS, says: "ssl.ca"},
			{name: "another CA", tls: registry.TLS{CA: theirs.PEM}, kind: registry.KindTLS, says: "ssl.ca"},
			{name: "another name", tls: registry.TLS{CA: s.CA.PEM, ServerName: "db.example"}, kind: registry.KindTLS, says: "another name"},
			{name: "client certificate", user: "certified", tls: client(s.CA.Client("whoever"))},
			{name: "client certificate missing", user: "certified", tls: ca, kind: registry.KindAuth, says: "ssl.cert"},
			{name: "client certificate of others", user: "certified", tls: client(theirs.Client("certified")), kind: registry.KindTLS, says: "client certificate"},
		}},
		{&expired, []row{
			{name: "expired", tls: ca, kind: registry.KindTLS, says: "expired"},
			{name: "expired, nothing verified", tls: registry.TLS{SkipVerify: true}},
		}},
		{&wrongHost, []row{
			{name: "wrong host", tls: ca, kind: registry.KindTLS, says: "another name"},
			{name: "wrong host, name not verified", tls: registry.TLS{CA: s.CA.PEM, SkipHostname: true}},
			{name: "another CA, name not verified", tls: registry.TLS{CA: theirs.PEM, SkipHostname: true}, kind: registry.KindTLS, says: "ssl.ca"},
			{name: "PEM with line ends as text", tls: registry.TLS{CA: strings.ReplaceAll(s.CA.PEM, "\n", `\n`), SkipHostname: true}},
		}},
		{&selfSigned, []row{
			{name: "self-signed", kind: registry.KindTLS, says: "self-signed"},
			{name: "self-signed and trusted", tls: registry.TLS{CA: selfSigned.Cert}},
		}},
	} {
		if server.cert != nil {
			s.Restart(t, testserver.Options{Cert: server.cert})
		}
		for _, c := range server.rows {
			t.Run(c.name, func(t *testing.T) {
				cfg := s.Config()
				if c.user != "" {
					cfg = As(s, c.user, "pw of "+c.user)
				}
				if c.host != "" {
					cfg.Host = c.host
				}
				cfg.TLS = &c.tls
				err := d.Try(t, cfg)
				if c.kind != registry.KindUnknown {
					d.Check(t, err, c.kind, c.says)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// NoDowngrade has a server lose its TLS between two connections of one pool. The second must fail, after it has
// sent the bytes that ask for TLS and nothing else.
func (d Driver) NoDowngrade(t *testing.T, s *testserver.Server, request []byte) {
	proxy := testproxy.New(t, fmt.Sprint(s.Host, ":", s.Port))
	cfg := s.Config()
	cfg.Host, cfg.Port, cfg.TLS = proxy.Host(), proxy.Port(), s.TLS()
	db := d.Pool(t, cfg, registry.Env{})
	if err := db.PingContext(Context(t)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(proxy.Sent(), []byte(s.User)) {
		t.Error("the user name went over the line unencrypted")
	}

	s.Restart(t, testserver.Options{NoTLS: true})
	before := len(proxy.Conns())
	_, err := db.ExecContext(Context(t), "SELECT 1")
	for err != nil && d.Diagnose(err).Kind == registry.KindLost { // the connection from before
		_, err = db.ExecContext(Context(t), "SELECT 1")
	}
	d.Check(t, err, registry.KindTLS, "TLS turned off")
	if len(proxy.Conns()) == before {
		t.Error("no connection was tried")
	}
	for _, c := range proxy.Conns()[before:] {
		if !bytes.Equal(c.Sent(), request) {
			t.Errorf("sent %q to a server without TLS, want %q", c.Sent(), request)
		}
	}
}
