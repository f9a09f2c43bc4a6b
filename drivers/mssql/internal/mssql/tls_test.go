package mssql

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"testing"
	"unicode/utf16"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTLS(t *testing.T) {
	theirs, selfSigned := testcert.NewCA("theirs"), testcert.SelfSigned()
	trusted := registry.TLS{CA: authority.PEM}
	for _, c := range []struct {
		name string
		cert testcert.Pair
		host string // default 127.0.0.1
		tls  registry.TLS
		says string // empty: it connects
	}{
		{"own CA", authority.Server(), "", trusted, ""},
		{"own CA, by name", authority.Server(), "localhost", trusted, ""},
		{"two CAs", authority.Server(), "", registry.TLS{CA: theirs.PEM + authority.PEM}, ""},
		{"other name to verify", authority.WrongHost(), "", registry.TLS{CA: authority.PEM, ServerName: "elsewhere.invalid"}, ""},
		{"nothing verified", testcert.SelfSigned(), "", registry.TLS{SkipVerify: true}, ""},
		{"nothing verified, expired", authority.Expired(), "", registry.TLS{SkipVerify: true}, ""},
		{"self-signed and trusted", selfSigned, "", registry.TLS{CA: selfSigned.Cert}, ""},
		{"unknown CA", authority.Server(), "", registry.TLS{}, "ssl.ca"},
		{"another CA", authority.Server(), "", registry.TLS{CA: theirs.PEM}, "ssl.ca"},
		{"self-signed", testcert.SelfSigned(), "", registry.TLS{}, "self-signed"},
		{"wrong host", authority.WrongHost(), "", trusted, "another name"},
		{"another name to verify", authority.Server(), "", registry.TLS{CA: authority.PEM, ServerName: "db.example"}, "another name"},
		{"expired", authority.Expired(), "", trusted, "expired"},
		{"certificate of a client", authority.Client("sa"), "", trusted, "another name"},
	} {
		for _, strict := range []string{"false", "true"} {
			t.Run(c.name+", strict "+strict, func(t *testing.T) {
				s := tdstest.Start(t, tdstest.Options{TLS: certificate(c.cert)})
				cfg := with(s.Config(), "strict", strict)
				cfg.TLS = &c.tls
				if c.host != "" {
					cfg.Host = c.host
				}
				err := try(t, cfg)
				if c.says == "" {
					if err != nil {
						t.Fatal(err)
					}
					if got := last(t, s); got.TLS == nil || got.TLS.Strict != (strict == "true") || got.TLS.LoginOnly || !got.Login.Encrypted {
						t.Errorf("the connection was %+v", got)
					}
					return
				}
				expect(t, err, registry.KindTLS, c.says)
				var typed *tls.CertificateVerificationError
				if !errors.As(err, &typed) || len(typed.UnverifiedCertificates) == 0 {
					t.Errorf("%v has no type", err)
				}
				if last(t, s).Login != nil {
					t.Error("a login was sent to a server that is not trusted")
				}
			})
		}
	}
}

func TestServerThatInsistsOnTLS(t *testing.T) {
	s := start(t)
	s.Configure(func(o *tdstest.Options) { o.Encryption = tdstest.EncryptionRequired })
	expect(t, try(t, s.Config()), registry.KindTLS, "ssl.ca") // verified, although no ssl was asked for
	if last(t, s).Login != nil {
		t.Error("a login was sent to a server that is not trusted")
	}
	cfg := s.Config()
	cfg.TLS = &registry.TLS{CA: authority.PEM}
	if err := try(t, cfg); err != nil {
		t.Error(err)
	}
}

func TestServerThatTakesStrictOnly(t *testing.T) {
	s := start(t)
	s.Configure(func(o *tdstest.Options) { o.Encryption = tdstest.EncryptionStrict })
	for _, m := range modes {
		switch err := try(t, m.config(s)); m.name {
		case "strict":
			if err != nil {
				t.Error(err)
			}
		default:
			expect(t, err, registry.KindLost, "params.strict=true")
		}
	}
}

// TestNothingGoesInTheClear looks at what was on the wire, with TLS and with a server that has none.
func TestNothingGoesInTheClear(t *testing.T) {
	const user, password = "somebody", "pw of somebody"
	for _, m := range modes {
		for _, serverHas := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, server has TLS: %t", m.name, serverHas), func(t *testing.T) {
				s := tdstest.Start(t, tdstest.Options{User: user, Password: password})
				if serverHas {
					s.Configure(func(o *tdstest.Options) {
						o.TLS, o.Encryption = certificate(authority.Server()), tdstest.EncryptionAvailable
					})
				}
				proxy := testproxy.New(t, s.Addr())
				cfg := m.config(s)
				cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
				err := try(t, cfg)
				switch {
				case m.name == "plaintext" || serverHas:
					if err != nil {
						t.Error(err)
					}
				case m.name == "TLS":
					expect(t, err, registry.KindTLS, "leave out ssl")
				default:
					expect(t, err, registry.KindLost, "params.strict")
				}
				clear := shows(proxy.Sent(), wide(user)) || shows(proxy.Sent(), mangled(password))
				if want := m.name == "plaintext"; clear != want { // where it proves that the search works
					t.Errorf("user and password can be read on the wire: %t, want %t", clear, want)
				}
			})
		}
	}
}

// TestNoDowngrade has a server lose its TLS between two connections of one pool.
func TestNoDowngrade(t *testing.T) {
	s := start(t)
	proxy := testproxy.New(t, s.Addr())
	cfg := s.Config()
	cfg.Host, cfg.Port, cfg.TLS = proxy.Host(), proxy.Port(), &registry.TLS{CA: authority.PEM}
	db := pool(t, cfg, registry.Env{})
	if err := db.PingContext(limit(t)); err != nil {
		t.Fatal(err)
	}
	s.Configure(func(o *tdstest.Options) { o.TLS, o.Encryption = nil, tdstest.EncryptionRefused })
	proxy.ResetAll()
	_, err := db.ExecContext(limit(t), "SELECT 1")
	for err != nil && Driver().Diagnose(err).Kind == registry.KindLost { // the connection from before
		_, err = db.ExecContext(limit(t), "SELECT 1")
	}
	expect(t, err, registry.KindTLS, "leave out ssl")
	if login := last(t, s).Login; login != nil || shows(proxy.Sent(), wide(cfg.User)) || shows(proxy.Sent(), mangled(cfg.Password.Reveal())) {
		t.Errorf("the login %+v went over the wire", login)
	}
}

func TestIPv6(t *testing.T) {
	if !testport.HasIPv6() {
		testserver.Report("mssql", "skipped over IPv6: this machine has no ::1")
		t.Skip("this machine has no ::1")
	}
	s := tdstest.Start(t, tdstest.Options{Addr: "[::1]:0", TLS: certificate(authority.Server())})
	for _, m := range modes {
		cfg := m.config(s)
		cfg.Host = "::1"
		if err := try(t, cfg); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

func shows(sent, text []byte) bool { return bytes.Contains(sent, text) }

func wide(text string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return b
}

// mangled is how a login has a password.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/773a62b6-ee89-4c02-9e5e-344882630aac
func mangled(password string) []byte {
	b := wide(password)
	for i, c := range b {
		b[i] = (c<<4 | c>>4) ^ 0xa5
	}
	return b
}
