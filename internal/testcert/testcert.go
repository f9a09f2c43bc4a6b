// Package testcert makes certificate authorities and the certificates that tests of TLS need, good and bad
// ones. Tests and the servers they start call it. It keeps nothing on disk and is never part of a program.
package testcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Pair is a certificate and its private key, both as PEM text.
type Pair struct{ Cert, Key string }

// TLS returns the pair in the form that [tls.Config] takes.
func (p Pair) TLS() tls.Certificate {
	return must(tls.X509KeyPair([]byte(p.Cert), []byte(p.Key)))
}

// CA is a certificate authority. It may be used from several goroutines.
type CA struct {
	PEM  string // its own certificate, for those who are to trust it
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA returns an authority that nobody trusts yet. Two of them share nothing but their kind.
func NewCA(name string) *CA {
	key := newKey()
	template := newTemplate(name)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return &CA{PEM: encode("CERTIFICATE", der), cert: must(x509.ParseCertificate(der)), key: key}
}

// Pool returns a pool that trusts this authority only.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Server returns a certificate for a server on this machine: localhost, 127.0.0.1 and ::1.
func (ca *CA) Server() Pair {
	key, template := newKey(), newServer()
	return ca.sign(template, key)
}

// WrongHost returns a server certificate that is good in everything but its names: elsewhere.invalid and
// 192.0.2.1, which belongs to nobody (RFC 5737).
func (ca *CA) WrongHost() Pair {
	key, template := newKey(), newServer()
	template.DNSNames, template.IPAddresses = []string{"elsewhere.invalid"}, []net.IP{net.IPv4(192, 0, 2, 1)}
	return ca.sign(template, key)
}

// Expired returns a server certificate that ended an hour ago.
func (ca *CA) Expired() Pair {
	key, template := newKey(), newServer()
	template.NotAfter = time.Now().Add(-time.Hour)
	return ca.sign(template, key)
}

// Client returns the certificate of a client whose common name is user, which is the name that PostgreSQL's
// clientcert=verify-full compares with the role.
func (ca *CA) Client(user string) Pair {
	key, template := newKey(), newTemplate(user)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return ca.sign(template, key)
}

// SelfSigned returns a certificate for a server on this machine that nobody but itself vouches for.
func SelfSigned() Pair {
	key, template := newKey(), newServer()
	return (&CA{cert: template, key: key}).sign(template, key)
}

func (ca *CA) sign(template *x509.Certificate, key *ecdsa.PrivateKey) Pair {
	der := must(x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key))
	return Pair{
		Cert: encode("CERTIFICATE", der),
		Key:  encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))),
	}
}

func newServer() *x509.Certificate {
	template := newTemplate("localhost")
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return template
}

func newTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// newKey makes a P-256 key: quick to make, and known to every TLS library that a server may be built with.
func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// must panics, as an error here can only be a mistake in this package.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
