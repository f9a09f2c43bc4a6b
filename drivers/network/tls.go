package network

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// TLSConfig turns the TLS of a config into what crypto/tls takes; nil means plaintext. The certificate is
// verified against the system's roots, or against the CA of the config and nothing else, and its name against
// ServerName or the host, but for SkipHostname. Nothing is verified with SkipVerify. The lowest version is that of crypto/tls, 1.2.
//
// An error is a [*registry.ConfigError], or several joined; it quotes nothing of a certificate or key.
// The result must not be changed; [tls.Config.Clone] gives a copy that may be.
func TLSConfig(cfg *registry.Config) (*tls.Config, error) {
	t, err := ServerTLS(cfg)
	if cfg.TLS == nil || cfg.TLS.Cert == "" && cfg.TLS.Key.IsZero() {
		return t, err
	}
	pair, wrong := keyPair(pemText(cfg.TLS.Cert), pemText(cfg.TLS.Key.Reveal()))
	if err := errors.Join(err, wrong); err != nil {
		return nil, err
	}
	// Through Certificates, crypto/tls keeps back a certificate whose issuer the server did not ask for,
	// and the server complains of none. OpenSSL sends it, and the server can say what is wrong with it.
	t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	return t, nil
}

// ServerTLS is TLSConfig without the certificate of the client, for a database that takes none, such as SQL Server.
// A program that only calls this does not link the code that parses private keys: 3 % of one with SQL Server.
func ServerTLS(cfg *registry.Config) (*tls.Config, error) {
	if cfg.TLS == nil {
		return nil, nil
	}
	t := &tls.Config{ServerName: cfg.TLS.ServerName, InsecureSkipVerify: cfg.TLS.SkipVerify}
	if t.ServerName == "" && !IsSocket(cfg) {
		t.ServerName = Host(cfg)
	}
	var errs []error
	if t.ServerName == "" && !cfg.TLS.SkipVerify && !cfg.TLS.SkipHostname {
		errs = append(errs, wrong("ssl.serverName", "is empty, and the path of a unix socket is no name to verify a certificate against", "write the name in the server's certificate, or leave out ssl: a socket does not leave the machine"))
	}
	if cfg.TLS.CA != "" {
		pool, err := roots(pemText(cfg.TLS.CA))
		errs = append(errs, err)
		t.RootCAs = pool
	}
	if cfg.TLS.SkipHostname && !cfg.TLS.SkipVerify {
		t.InsecureSkipVerify = true // crypto/tls verifies the name as well, or nothing
		t.VerifyConnection = verifyChain(t.RootCAs)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

// verifyChain does what crypto/tls does, but for the name.
// https://pkg.go.dev/crypto/tls#example-Config-VerifyConnection
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(cert)
		}
		if _, err := state.PeerCertificates[0].Verify(options); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
		return nil
	}
}

// pemText returns PEM text with its line ends, which environment variables and files often hold as the two
// characters \n.
func pemText(text string) string {
	if strings.Contains(text, "\n") {
		return text
	}
	return strings.ReplaceAll(text, `\n`, "\n")
}

// roots parses every certificate in text. x509.CertPool.AppendCertsFromPEM passes over what it cannot parse.
func roots(text string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	found, rest := false, []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, badCA("holds something else than certificates")
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, badCA("holds a certificate that cannot be parsed")
		}
		pool.AddCert(cert)
		found = true
	}
	if !found || strings.Contains(string(rest), "-----BEGIN ") {
		return nil, badCA("is damaged PEM text")
	}
	return pool, nil
}

func badCA(problem string) error {
	return wrong("ssl.ca", problem, "give the whole PEM text of the authority's certificate")
}

func keyPair(cert, key string) (*tls.Certificate, error) {
	if strings.Contains(key, "ENCRYPTED") {
		return nil, wrong("ssl.key", "is encrypted with a passphrase", "decrypt it first, for example with openssl pkey")
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil { // it is left out: it may quote what it could not parse
		problem, cure := "and ssl.key cannot be parsed", "give the whole PEM text of both"
		if strings.Contains(err.Error(), "does not match") {
			problem, cure = "and ssl.key do not belong together", "give the key that the certificate was issued for"
		}
		return nil, wrong("ssl.cert", problem, cure)
	}
	return &pair, nil
}
