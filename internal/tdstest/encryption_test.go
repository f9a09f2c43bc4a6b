package tdstest_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
)

// certified is a server configuration with that certificate.
func certified(p testcert.Pair) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{p.TLS()}}
}

const (
	disable = msdsn.EncryptionDisabled // "not supported"
	login   = msdsn.EncryptionOff      // the login alone
	all     = msdsn.EncryptionRequired
	strict  = msdsn.EncryptionStrict // TDS 8.0
)

func TestEncryptionIsWhatBothSidesAgreeOn(t *testing.T) {
	cert := certified(testcert.NewCA("tests").Server())
	for _, c := range []struct {
		server tdstest.Encryption
		client msdsn.Encryption
		want   string
	}{
		{tdstest.EncryptionAvailable, disable, "plain"},
		{tdstest.EncryptionAvailable, login, "login only"},
		{tdstest.EncryptionAvailable, all, "all"},
		{tdstest.EncryptionAvailable, strict, "strict"},
		{tdstest.EncryptionRequired, disable, "all"},
		{tdstest.EncryptionRequired, login, "all"},
		{tdstest.EncryptionRequired, all, "all"},
		{tdstest.EncryptionRequired, strict, "strict"},
		{tdstest.EncryptionRefused, disable, "plain"},
		{tdstest.EncryptionRefused, login, "plain"},
		{tdstest.EncryptionRefused, all, "server does not support encryption"},
		{tdstest.EncryptionRefused, strict, "TLS Handshake failed: EOF"},
		{tdstest.EncryptionStrict, disable, "EOF"},
		{tdstest.EncryptionStrict, all, "EOF"},
		{tdstest.EncryptionStrict, strict, "strict"},
	} {
		t.Run(fmt.Sprintf("server %d, client %d", c.server, c.client), func(t *testing.T) {
			s := start(t, tdstest.Options{TLS: cert, Encryption: c.server})
			err := open(t, encrypted(t, s, c.client)).PingContext(ctx(t))
			got := s.Connections()[0]
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("it fails with %v, and not with %s", err, c.want)
				}
				if got.Login != nil || got.LoggedIn {
					t.Errorf("there was a login: %+v", got.Login)
				}
				return
			}
			if is := encryptionOf(got); is != c.want {
				t.Errorf("the connection is encrypted %q, and not %q", is, c.want)
			}
		})
	}
}

func encryptionOf(c tdstest.Connection) string {
	switch {
	case c.TLS == nil && !c.Login.Encrypted:
		return "plain"
	case c.TLS == nil || !c.Login.Encrypted || c.TLS.Strict != (c.Login.Version == tdstest.TDS80):
		return fmt.Sprintf("in a way that cannot be: %+v, %+v", c.TLS, c.Login)
	case c.TLS.Strict && c.TLS.NegotiatedProtocol == "tds/8.0":
		return "strict"
	case c.TLS.LoginOnly:
		return "login only"
	}
	return "all"
}

func TestACertificateIsLookedAt(t *testing.T) {
	ca := testcert.NewCA("tests")
	for name, c := range map[string]struct {
		cert testcert.Pair
		want any
	}{
		"good":             {ca.Server(), nil},
		"expired":          {ca.Expired(), new(x509.CertificateInvalidError)},
		"of another host":  {ca.WrongHost(), new(x509.HostnameError)},
		"of an unknown CA": {testcert.NewCA("others").Server(), new(x509.UnknownAuthorityError)},
		"of its own":       {testcert.SelfSigned(), new(x509.UnknownAuthorityError)},
	} {
		for _, mode := range []msdsn.Encryption{login, all, strict} {
			s := start(t, tdstest.Options{TLS: certified(c.cert)})
			cfg := encrypted(t, s, mode)
			cfg.TLSConfig = &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1"}
			err := open(t, cfg).PingContext(ctx(t))
			switch {
			case c.want == nil && err == nil:
			case c.want == nil || err == nil || !strings.Contains(err.Error(), "TLS Handshake failed"):
				t.Errorf("a certificate that is %s, in mode %d: %v", name, mode, err)
			case mode == strict && !errors.As(err, c.want): // outside strict the driver makes text of the error
				t.Errorf("a certificate that is %s, in mode %d: %v is no %T", name, mode, err, c.want)
			}
			if got := s.Connections()[0]; (got.Login == nil) != (err != nil) {
				t.Errorf("a certificate that is %s, in mode %d: the login is %+v", name, mode, got.Login)
			}
		}
	}
}

func TestLongAnswersComeThroughTLS(t *testing.T) {
	s := start(t, tdstest.Options{TLS: certified(testcert.SelfSigned())})
	long := strings.Repeat("0123456789", 50_000)
	s.Handle("select long", tdstest.Rows([]tdstest.Column{{Name: "a", Type: tdstest.NVarChar(0)}}, []any{long}, []any{long}).Always())
	for _, mode := range []msdsn.Encryption{login, all, strict} {
		c := encrypted(t, s, mode)
		c.PacketSize = 16383 // the most that SQL Server allows over TLS
		rows, err := open(t, c).QueryContext(ctx(t), "select long")
		must(t, err)
		n := 0
		for rows.Next() {
			var got string
			must(t, rows.Scan(&got))
			if got != long {
				t.Errorf("in mode %d %d bytes came, and not %d", mode, len(got), len(long))
			}
			n++
		}
		must(t, rows.Err())
		if n != 2 {
			t.Errorf("in mode %d %d rows came", mode, n)
		}
	}
}

func TestATLSVersionThatTDS7LacksIsRefused(t *testing.T) {
	s := start(t, tdstest.Options{TLS: certified(testcert.SelfSigned())})
	for mode, version := range map[msdsn.Encryption]uint16{all: tls.VersionTLS12, strict: tls.VersionTLS13} {
		must(t, open(t, encrypted(t, s, mode)).PingContext(ctx(t)))
		list := s.Connections()
		if got := list[len(list)-1].TLS.Version; got != version {
			t.Errorf("in mode %d the version is %s", mode, tls.VersionName(got))
		}
	}
	c := encrypted(t, s, all)
	c.TLSConfig.MinVersion = tls.VersionTLS13
	if err := open(t, c).PingContext(ctx(t)); err == nil || !strings.Contains(err.Error(), "TLS Handshake failed") {
		t.Errorf("TLS 1.3 inside TDS 7: %v", err)
	}
}

func TestASessionOfTLSIsResumed(t *testing.T) {
	s := start(t, tdstest.Options{TLS: certified(testcert.NewCA("tests").Server())})
	c := encrypted(t, s, all)
	c.TLSConfig.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	c.TLSConfig.ServerName = "127.0.0.1"
	for range 2 {
		must(t, open(t, c).PingContext(ctx(t)))
	}
	list := s.Connections()
	if list[0].TLS.DidResume || !list[1].TLS.DidResume {
		t.Error("the second connection did not resume the session of the first")
	}
}
