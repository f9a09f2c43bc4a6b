package testcert_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
)

// handshake runs both ends of a TLS connection and returns what the client and the server said.
func handshake(t *testing.T, client, server *tls.Config) (clientErr, serverErr error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			_, err = conn.Write([]byte("."))
		}
		done <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = tls.Client(conn, client).Read(make([]byte, 1)) // does the handshake first
	conn.Close()
	return err, <-done
}

func TestServerCertificates(t *testing.T) {
	ca := testcert.NewCA("trusted")
	for name, c := range map[string]struct {
		pair testcert.Pair
		host string
		good func(error) bool
	}{
		"localhost":   {ca.Server(), "localhost", ok},
		"IPv4":        {ca.Server(), "127.0.0.1", ok},
		"IPv6":        {ca.Server(), "::1", ok},
		"other host":  {ca.Server(), "example.invalid", is[x509.HostnameError]},
		"wrong host":  {ca.WrongHost(), "localhost", is[x509.HostnameError]},
		"expired":     {ca.Expired(), "localhost", expired},
		"self-signed": {testcert.SelfSigned(), "localhost", is[x509.UnknownAuthorityError]},
		"unknown CA":  {testcert.NewCA("trusted").Server(), "localhost", is[x509.UnknownAuthorityError]},
	} {
		t.Run(name, func(t *testing.T) {
			err, _ := handshake(t,
				&tls.Config{RootCAs: ca.Pool(), ServerName: c.host},
				&tls.Config{Certificates: []tls.Certificate{c.pair.TLS()}})
			if !c.good(err) {
				t.Errorf("handshake with %q: %v", c.host, err)
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	ca := testcert.NewCA("trusted")
	server := &tls.Config{
		Certificates: []tls.Certificate{ca.Server().TLS()},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    ca.Pool(),
	}
	for name, c := range map[string]struct {
		pair testcert.Pair
		good func(error) bool
	}{
		"right":        {ca.Client("user"), ok},
		"another CA's": {testcert.NewCA("another").Client("user"), func(err error) bool { return err != nil }},
		"a server's":   {ca.Server(), is[x509.CertificateInvalidError]},
	} {
		t.Run(name, func(t *testing.T) {
			pair := c.pair.TLS()
			_, err := handshake(t, &tls.Config{
				RootCAs: ca.Pool(), ServerName: "localhost",
				GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil },
			}, server)
			if !c.good(err) {
				t.Errorf("the server says: %v", err)
			}
		})
	}
}

func ok(err error) bool { return err == nil }

func is[E error](err error) bool {
	_, found := errors.AsType[E](err)
	return found
}

func expired(err error) bool {
	invalid, found := errors.AsType[x509.CertificateInvalidError](err)
	return found && invalid.Reason == x509.Expired
}
