//go:build mssql || alldrivers

package mssql

import (
	"crypto/tls"
	"crypto/x509"
)

// verify does what crypto/tls does: https://pkg.go.dev/crypto/tls#example-Config-VerifyConnection
// nil roots are those of the system.
func verify(certs []*x509.Certificate, name string, roots *x509.CertPool) error {
	options := x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: x509.NewCertPool()}
	for _, cert := range certs[1:] {
		options.Intermediates.AddCert(cert)
	}
	if _, err := certs[0].Verify(options); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
	}
	return nil
}
