package network_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// listen starts a server that shakes hands with every caller and then sends one byte, and returns its port.
func listen(t *testing.T, server *tls.Config) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			c := tls.Server(raw, server)
			if c.Handshake() == nil {
				_, _ = c.Write([]byte{1})
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).Port
}

// connect does what a driver does with the config, up to the first byte that the server sends.
func connect(cfg registry.Config) error {
	t, err := network.TLSConfig(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	raw, err := network.DialFunc(registry.Env{})(ctx, "tcp", net.JoinHostPort("127.0.0.1", strings.TrimPrefix(cfg.AppName, ":")))
	if err != nil {
		return err
	}
	defer raw.Close()
	_, err = tls.Client(raw, t).Read(make([]byte, 1))
	return err
}

func TestTLSMeansOneThing(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	good := &tls.Config{Certificates: []tls.Certificate{ours.pair("db.example", time.Hour)}}
	asks := good.Clone()
	asks.ClientAuth, asks.ClientCAs = tls.RequireAndVerifyClientCert, ours.pool()
	old := good.Clone()
	old.MaxVersion = tls.VersionTLS11
	selfSigned := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{ours.cert.Raw}, PrivateKey: ours.key}}}
	cert, key := ours.issue("client", time.Hour)
	late, lateKey := ours.issue("client", -time.Minute)
	foreign, foreignKey := theirs.issue("client", time.Hour)
	byIP := &tls.Config{Certificates: []tls.Certificate{ours.pair("127.0.0.1", time.Hour)}}

	for name, c := range map[string]struct {
		server *tls.Config
		host   string
		tls    registry.TLS
		hint   string // empty: it connects
	}{
		"own CA":                       {good, "db.example", registry.TLS{CA: ours.PEM}, ""},
		"two CAs":                      {good, "db.example", registry.TLS{CA: theirs.PEM + "a comment\n" + ours.PEM}, ""},
		"name other than host":         {good, "127.0.0.1", registry.TLS{CA: ours.PEM, ServerName: "db.example"}, ""},
		"certificate for an address":   {byIP, "127.0.0.1", registry.TLS{CA: ours.PEM}, ""},
		"unknown CA":                   {good, "db.example", registry.TLS{}, "authority that issued"},
		"another CA":                   {good, "db.example", registry.TLS{CA: theirs.PEM}, "authority that issued"},
		"self-signed":                  {selfSigned, "db.example", registry.TLS{}, "self-signed"},
		"self-signed and trusted":      {selfSigned, "db.example", registry.TLS{CA: ours.PEM}, ""},
		"wrong host":                   {good, "other.example", registry.TLS{CA: ours.PEM}, "another name"},
		"address not in certificate":   {good, "127.0.0.1", registry.TLS{CA: ours.PEM}, "another name"},
		"expired":                      {&tls.Config{Certificates: []tls.Certificate{ours.pair("db.example", -time.Minute)}}, "db.example", registry.TLS{CA: ours.PEM}, "expired"},
		"nothing verified":             {selfSigned, "other.example", registry.TLS{SkipVerify: true}, ""},
		"client certificate":           {asks, "db.example", registry.TLS{CA: ours.PEM, Cert: cert, Key: key}, ""},
		"client certificate missing":   {asks, "db.example", registry.TLS{CA: ours.PEM}, "asks for a client certificate"},
		"client certificate of others": {asks, "db.example", registry.TLS{CA: ours.PEM, Cert: foreign, Key: foreignKey}, "does not trust the authority of the client"},
		"client certificate expired":   {asks, "db.example", registry.TLS{CA: ours.PEM, Cert: late, Key: lateKey}, "client certificate has expired"},
		"too old a server":             {old, "db.example", registry.TLS{CA: ours.PEM}, "from 1.2 on"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := registry.Config{Host: c.host, TLS: &c.tls, AppName: portText(listen(t, c.server))}
			err := connect(cfg)
			if c.hint == "" {
				if err != nil {
					t.Fatalf("got %v, want success", err)
				}
				return
			}
			if err == nil {
				t.Fatal("it connects")
			}
			if kind := network.Kind(err); kind != registry.KindTLS {
				t.Errorf("kind of %v is %v, want tls", err, kind)
			}
			if advice := network.Advise(err); !strings.Contains(advice.Hint, c.hint) {
				t.Errorf("hint for %v is %q, want it to say %q", err, advice.Hint, c.hint)
			}
		})
	}
}

func TestAnswerThatIsNotTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = c.Close()
		}
	}()
	err = connect(registry.Config{TLS: &registry.TLS{SkipVerify: true}, AppName: portText(l.Addr().(*net.TCPAddr).Port)})
	if kind := network.Kind(err); kind != registry.KindTLS {
		t.Errorf("kind of %v is %v, want tls", err, kind)
	}
	if hint := network.Advise(err).Hint; !strings.Contains(hint, "does not speak TLS") {
		t.Errorf("hint for %v is %q", err, hint)
	}
}

func TestNoTLSUnlessAskedFor(t *testing.T) {
	if c, err := network.TLSConfig(registry.Config{Host: "db.example"}); c != nil || err != nil {
		t.Errorf("got %v, %v; want nil, nil", c, err)
	}
}

func TestTLSConfigErrors(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("client", time.Hour)
	_, otherKey := a.issue("client", time.Hour)
	reveal := func(s registry.Secret, old, new string) registry.Secret {
		return registry.NewSecret(strings.Replace(s.Reveal(), old, new, 1))
	}
	for name, c := range map[string]struct {
		host  string
		tls   registry.TLS
		field string
		says  string
	}{
		"socket without a name":  {"/run/db.sock", registry.TLS{}, "ssl.serverName", "unix socket"},
		"CA without certificate": {"", registry.TLS{CA: "-----BEGIN nothing"}, "ssl.ca", "damaged"},
		"CA cut off":             {"", registry.TLS{CA: a.PEM + a.PEM[:200]}, "ssl.ca", "damaged"},
		"CA with other bytes":    {"", registry.TLS{CA: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "ssl.ca", "cannot be parsed"},
		"CA that is a key":       {"", registry.TLS{CA: key.Reveal()}, "ssl.ca", "something else"},
		"key of another":         {"", registry.TLS{Cert: cert, Key: otherKey}, "ssl.cert", "do not belong together"},
		"key encrypted":          {"", registry.TLS{Cert: cert, Key: reveal(key, "BEGIN ", "BEGIN ENCRYPTED ")}, "ssl.key", "passphrase"},
		"key damaged":            {"", registry.TLS{Cert: cert, Key: reveal(key, "-----END", "----")}, "ssl.cert", "cannot be parsed"},
		"key without cert":       {"", registry.TLS{Key: key}, "ssl.cert", "cannot be parsed"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := network.TLSConfig(registry.Config{Host: c.host, TLS: &c.tls})
			var wrong *registry.ConfigError
			if got != nil || !errors.As(err, &wrong) {
				t.Fatalf("got %v, %v; want a ConfigError", got, err)
			}
			if wrong.Field != c.field || !strings.Contains(wrong.Problem, c.says) || wrong.Cure == "" {
				t.Errorf("got %v, want field %s, a problem that says %q, and a cure", wrong, c.field, c.says)
			}
		})
	}
}

func TestSocketNeedsNoNameWhenNothingIsVerified(t *testing.T) {
	if _, err := network.TLSConfig(registry.Config{Host: "/run/db.sock", TLS: &registry.TLS{SkipVerify: true}}); err != nil {
		t.Error(err)
	}
}
