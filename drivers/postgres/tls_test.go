//go:build postgres || alldrivers

package postgres

import (
	"bytes"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTLS(t *testing.T) {
	theirs, selfSigned := testcert.NewCA("theirs"), testcert.SelfSigned()
	s := testserver.StartPostgres(t, testserver.Options{HBA: []string{"hostssl all certified all scram-sha-256 clientcert=verify-ca"}})
	run(t, s, "CREATE ROLE certified LOGIN PASSWORD 'pw of certified'")
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
		{&wrongHost, []row{{name: "wrong host", tls: ca, kind: registry.KindTLS, says: "another name"}}},
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
					cfg = as(s, c.user, "pw of "+c.user)
				}
				if c.host != "" {
					cfg.Host = c.host
				}
				cfg.TLS = &c.tls
				err := try(t, cfg)
				if c.kind != registry.KindUnknown {
					check(t, err, c.kind, c.says)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestNoDowngrade has a server lose its TLS between two connections of one pool.
func TestNoDowngrade(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	proxy := testproxy.New(t, s.Config().Host+":"+port(uint16(s.Port)))
	cfg := s.Config()
	cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
	cfg.TLS = s.TLS()
	db := pool(t, cfg, registry.Env{})
	if err := db.PingContext(limit(t)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(proxy.Sent(), []byte(s.User)) {
		t.Error("the user name went over the line unencrypted")
	}

	s.Restart(t, testserver.Options{NoTLS: true})
	before := len(proxy.Conns())
	_, err := db.ExecContext(limit(t), "SELECT 1")
	for err != nil && Driver().Kind(err) == registry.KindLost { // the connection from before
		_, err = db.ExecContext(limit(t), "SELECT 1")
	}
	check(t, err, registry.KindTLS, "TLS turned off")
	for _, c := range proxy.Conns()[before:] {
		// https://www.postgresql.org/docs/current/protocol-message-formats.html SSLRequest
		if want := []byte{0, 0, 0, 8, 4, 210, 22, 47}; !bytes.Equal(c.Sent(), want) {
			t.Errorf("sent %q, want the request for TLS and nothing else", c.Sent())
		}
	}
	if len(proxy.Conns()) == before {
		t.Error("no connection was tried")
	}
}
