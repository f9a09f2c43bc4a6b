package mssql

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testproxy"
)

// TestVerifyDoesWhatTLSDoes compares with crypto/tls itself.
func TestVerifyDoesWhatTLSDoes(t *testing.T) {
	theirs := testcert.NewCA("theirs")
	long, root := chain(t)
	certs := []tls.Certificate{long, {Certificate: long.Certificate[:1], PrivateKey: long.PrivateKey}}
	for _, pair := range []testcert.Pair{
		authority.Server(), authority.WrongHost(), authority.Expired(), authority.Client("x"), testcert.SelfSigned(), theirs.Server(),
	} {
		certs = append(certs, pair.TLS())
	}
	good := 0
	for i, cert := range certs {
		for _, name := range []string{"localhost", "127.0.0.1", "::1", "elsewhere.invalid", "other.example", "10.1.2.3"} {
			for _, roots := range []*x509.CertPool{authority.Pool(), theirs.Pool(), root, nil} {
				state, want := handshake(t, cert, &tls.Config{ServerName: name, RootCAs: roots})
				if state == nil {
					state, _ = handshake(t, cert, &tls.Config{InsecureSkipVerify: true})
				}
				got := verify(state.PeerCertificates, name, roots)
				if reasons(got) != reasons(want) {
					t.Errorf("certificate %d, %s: got %v, want %v", i, name, got, want)
				}
				if got == nil {
					good++
				}
			}
		}
	}
	if good != 3+3+1+3 { // by name and two addresses: that with a chain, that of each authority; and the other name
		t.Errorf("%d combinations are good", good)
	}
}

// reasons is what an error is made of, without its text: that of an expired certificate has the time in it.
func reasons(err error) string {
	var all []string
	for ; err != nil; err = errors.Unwrap(err) {
		reason := fmt.Sprintf("%T", err)
		switch e := err.(type) {
		case x509.CertificateInvalidError:
			reason += fmt.Sprint(" ", e.Reason)
		case x509.HostnameError:
			reason += " " + e.Host
		}
		all = append(all, reason)
	}
	return strings.Join(all, ", ")
}

func TestTheReasonsOfTheSameFailureAreTheSameASecondLater(t *testing.T) {
	first := authority.Expired().TLS()
	cert, err := x509.ParseCertificate(first.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	at := func(when time.Time) error {
		_, err := cert.Verify(x509.VerifyOptions{Roots: authority.Pool(), CurrentTime: when})
		return &tls.CertificateVerificationError{Err: err}
	}
	now := time.Now()
	a, b := at(now), at(now.Add(time.Second))
	if a.Error() == b.Error() || reasons(a) != reasons(b) || reasons(a) == reasons(at(cert.NotBefore.Add(time.Second))) {
		t.Errorf("%v is %s, %v is %s", a, reasons(a), b, reasons(b))
	}
}

// handshake returns what a client with the config finds out about a server with the certificate.
func handshake(t *testing.T, cert tls.Certificate, config *tls.Config) (*tls.ConnectionState, error) {
	t.Helper()
	l := testproxy.Serve(t, tlsServer(&tls.Config{Certificates: []tls.Certificate{cert}}))
	c, err := tls.Dial("tcp", l.Addr(), config)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	state := c.ConnectionState()
	return &state, nil
}

// chain returns a certificate for this machine that comes with that of its issuer, and the root that has issued the
// issuer.
func chain(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	rootKey, root := issue(t, &x509.Certificate{IsCA: true}, nil, nil)
	middleKey, middle := issue(t, &x509.Certificate{IsCA: true}, root, rootKey)
	here := &x509.Certificate{DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	key, leaf := issue(t, here, middle, middleKey)
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw, middle.Raw}, PrivateKey: key}, pool
}

// issue signs a certificate; without an issuer, with its own key.
func issue(t *testing.T, template, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.Subject = serial, pkix.Name{CommonName: serial.String()}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.BasicConstraintsValid = template.IsCA
	if issuer == nil {
		issuer, issuerKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}
