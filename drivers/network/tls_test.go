package network_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

// connect does what a driver does with the config, up to the first byte that the server at addr sends.
func connect(t *testing.T, cfg registry.Config, addr string) error {
	tlsConfig, err := network.TLSConfig(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := network.DialFunc(registry.Env{})(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	_, err = tls.Client(raw, tlsConfig).Read(make([]byte, 1))
	if err != nil {
		return atLogin(err)
	}
	return nil
}

// shakeHands starts a server that shakes hands with every caller and then sends one byte.
func shakeHands(t *testing.T, server *tls.Config) *testproxy.Listener {
	return testproxy.Serve(t, func(raw net.Conn) {
		c := tls.Server(raw, server)
		if c.Handshake() == nil {
			_, _ = c.Write([]byte{1})
			_, _ = c.Read(make([]byte, 1)) // until the client has read it and hangs up
		}
		_ = c.Close()
	})
}

func TestTLSMeansOneThing(t *testing.T) {
	ours, theirs, selfSigned := testcert.NewCA("ours"), testcert.NewCA("theirs"), testcert.SelfSigned()
	with := func(pair testcert.Pair) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{pair.TLS()}} }
	good, chain := with(ours.Server()), ours.Server()
	asks := good.Clone()
	asks.ClientAuth, asks.ClientCAs = tls.RequireAndVerifyClientCert, ours.Pool()
	old := good.Clone()
	old.MaxVersion = tls.VersionTLS11
	client := func(pair testcert.Pair) registry.TLS {
		return registry.TLS{CA: ours.PEM, Cert: pair.Cert, Key: registry.NewSecret(pair.Key)}
	}

	for name, c := range map[string]struct {
		server *tls.Config
		host   string
		tls    registry.TLS
		hint   string // empty: it connects
	}{
		"own CA":                       {good, "", registry.TLS{CA: ours.PEM}, ""},
		"two CAs":                      {good, "", registry.TLS{CA: theirs.PEM + "a comment\n" + ours.PEM}, ""},
		"name other than host":         {good, "db.example", registry.TLS{CA: ours.PEM, ServerName: "localhost"}, ""},
		"certificate for an address":   {good, "127.0.0.1", registry.TLS{CA: ours.PEM}, ""},
		"unknown CA":                   {good, "", registry.TLS{}, "authority that issued"},
		"unknown CA, sent too":         {with(testcert.Pair{Cert: chain.Cert + ours.PEM, Key: chain.Key}), "", registry.TLS{}, "authority that issued"},
		"another CA":                   {good, "", registry.TLS{CA: theirs.PEM}, "authority that issued"},
		"self-signed":                  {with(selfSigned), "", registry.TLS{}, "self-signed"},
		"self-signed and trusted":      {with(selfSigned), "", registry.TLS{CA: selfSigned.Cert}, ""},
		"wrong host":                   {with(ours.WrongHost()), "", registry.TLS{CA: ours.PEM}, "another name"},
		"address not in certificate":   {with(ours.WrongHost()), "127.0.0.1", registry.TLS{CA: ours.PEM}, "another name"},
		"expired":                      {with(ours.Expired()), "", registry.TLS{CA: ours.PEM}, "expired"},
		"nothing verified":             {with(theirs.WrongHost()), "", registry.TLS{SkipVerify: true}, ""},
		"client certificate":           {asks, "", client(ours.Client("app")), ""},
		"client certificate missing":   {asks, "", registry.TLS{CA: ours.PEM}, "asks for a client certificate"},
		"client certificate of others": {asks, "", client(theirs.Client("app")), "does not trust the authority of the client"},
		"client certificate expired":   {asks, "", client(ours.Expired()), "client certificate has expired"},
		"client certificate of a kind": {asks, "", client(ours.Server()), "refuses the client certificate"},
		"too old a server":             {old, "", registry.TLS{CA: ours.PEM}, "from 1.2 on"},
	} {
		t.Run(name, func(t *testing.T) {
			err := connect(t, registry.Config{Host: c.host, TLS: &c.tls}, shakeHands(t, c.server).Addr())
			if c.hint == "" {
				if err != nil {
					t.Fatalf("got %v, want success", err)
				}
				return
			}
			if err == nil {
				t.Fatal("it connects")
			}
			if kind := network.Diagnose(err).Kind; kind != registry.KindTLS {
				t.Errorf("kind of %v is %v, want tls", err, kind)
			}
			if advice := network.Diagnose(err); !strings.Contains(advice.Hint, c.hint) {
				t.Errorf("hint for %v is %q, want it to say %q", err, advice.Hint, c.hint)
			}
		})
	}
}

func TestAnswerThatIsNotTLS(t *testing.T) {
	err := connect(t, registry.Config{TLS: &registry.TLS{}}, testproxy.HTTP(t).Addr())
	if kind := network.Diagnose(err).Kind; kind != registry.KindTLS {
		t.Errorf("kind of %v is %v, want tls", err, kind)
	}
	if hint := network.Diagnose(err).Hint; !strings.Contains(hint, "does not speak TLS") {
		t.Errorf("hint for %v is %q", err, hint)
	}
}

func TestNoTLSUnlessAskedFor(t *testing.T) {
	if c, err := network.TLSConfig(&registry.Config{Host: "db.example"}); c != nil || err != nil {
		t.Errorf("got %v, %v; want nil, nil", c, err)
	}
}

func TestTLSConfigErrors(t *testing.T) {
	ca := testcert.NewCA("ours")
	pair, other := ca.Client("app"), ca.Client("app")
	key := registry.NewSecret
	for name, c := range map[string]struct {
		host  string
		tls   registry.TLS
		field string
		says  string
	}{
		"socket without a name":  {"/run/db.sock", registry.TLS{}, "ssl.serverName", "unix socket"},
		"CA without certificate": {"", registry.TLS{CA: "-----BEGIN nothing"}, "ssl.ca", "damaged"},
		"CA cut off":             {"", registry.TLS{CA: ca.PEM + ca.PEM[:200]}, "ssl.ca", "damaged"},
		"CA with other bytes":    {"", registry.TLS{CA: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "ssl.ca", "cannot be parsed"},
		"CA that is a key":       {"", registry.TLS{CA: pair.Key}, "ssl.ca", "something else"},
		"key of another":         {"", registry.TLS{Cert: pair.Cert, Key: key(other.Key)}, "ssl.cert", "do not belong together"},
		"key encrypted":          {"", registry.TLS{Cert: pair.Cert, Key: key(strings.Replace(pair.Key, "BEGIN ", "BEGIN ENCRYPTED ", 1))}, "ssl.key", "passphrase"},
		"key damaged":            {"", registry.TLS{Cert: pair.Cert, Key: key(pair.Key[:100])}, "ssl.cert", "cannot be parsed"},
		"key without cert":       {"", registry.TLS{Key: key(pair.Key)}, "ssl.cert", "cannot be parsed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := network.TLSConfig(&registry.Config{Host: c.host, TLS: &c.tls})
			wrong, ok := errors.AsType[*registry.ConfigError](err)
			if !ok {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			if wrong.Field != c.field || !strings.Contains(wrong.Problem, c.says) || wrong.Cure == "" {
				t.Errorf("got %v, want field %s, a problem that says %q, and a cure", wrong, c.field, c.says)
			}
			if secret := c.tls.Key.Reveal(); len(secret) > 60 && strings.Contains(err.Error(), secret[30:60]) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestSocketNeedsNoNameWhenNothingIsVerified(t *testing.T) {
	if _, err := network.TLSConfig(&registry.Config{Host: "/run/db.sock", TLS: &registry.TLS{SkipVerify: true}}); err != nil {
		t.Error(err)
	}
}
