package network

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"

	"github.com/patchbay-go/patchbay/registry"
)

// Advise returns what can be done about an error that has a [Kind] here, beyond what is usual for the kind;
// the zero Advice where that is nothing.
func Advise(err error) registry.Advice {
	for _, row := range advice {
		if row.is(err) {
			return registry.Advice{Hint: row.hint, Final: row.final}
		}
	}
	return registry.Advice{}
}

// advice is in the order in which the rows are asked. The texts of alerts are those of
// https://www.rfc-editor.org/rfc/rfc8446#section-6.2 as package crypto/tls words them.
var advice = []struct {
	is    func(error) bool
	hint  string
	final bool // said only of kinds that are retried
}{
	{selfSigned, "the server's certificate is self-signed: put it into ssl.ca", false},
	{of[x509.UnknownAuthorityError](), "the authority that issued the server's certificate is not trusted here: put its certificate into ssl.ca", false},
	{of[x509.HostnameError](), "the server's certificate is for another name: connect by a name that is in it, or put that name into ssl.serverName", false},
	{as(func(e x509.CertificateInvalidError) bool { return e.Reason == x509.Expired }), "the server's certificate has expired or is not valid yet: renew it on the server, and check the clock of this machine", false},
	{of[x509.SystemRootsError](), "this machine has no root certificates: install them (package ca-certificates), or set ssl.ca", false},
	{of[tls.RecordHeaderError](), "what answers does not speak TLS: check host and port", false},
	{text("tls: certificate required"), "the server asks for a client certificate: set ssl.cert and ssl.key", false},
	{text("tls: unknown certificate authority"), "the server does not trust the authority of the client certificate: have ssl.cert issued by one that it trusts", false},
	{text("tls: expired certificate"), "the client certificate has expired: renew ssl.cert and ssl.key", false},
	{text("tls: revoked certificate"), "the client certificate was revoked: set another ssl.cert and ssl.key", false},
	{text("tls: bad certificate", "tls: unknown certificate"), "the server refuses the client certificate: check ssl.cert, and what the server's log says of it", false},
	{text("tls: unrecognized name"), "the server has no certificate for this name: check host and ssl.serverName", false},
	{text("tls: protocol version not supported", "tls: server selected unsupported protocol version"), "the server has no version of TLS from 1.2 on: update it", false},
	{text("tls: handshake failure"), "the server and this program have no cipher in common, or it wants a client certificate (ssl.cert, ssl.key)", false},
	{as(func(e *net.DNSError) bool { return e.IsNotFound }), "the name does not exist: check its spelling, and that this machine's DNS knows it", true},
	{of[*net.DNSError](), "the name could not be looked up: check this machine's DNS", false},
	{socket(syscall.EINVAL), "the path of a unix socket can have no more than 107 bytes (103 on macOS and BSD): use a shorter one", false},
	{socket(syscall.ENOENT, syscall.ENOTDIR), "there is no socket at that path: check the path, and that the server is running", false},
	{socket(syscall.EACCES, syscall.EPERM), "this process may not open that socket: check its permissions and those of its folder", true},
}

// selfSigned tells a server's certificate that stands for itself from one that an authority issued. What package
// x509 names is where the chain ends, which may be the authority's certificate if the server sends that too.
func selfSigned(err error) bool {
	unknown, ok := errors.AsType[x509.UnknownAuthorityError](err)
	if !ok {
		return false
	}
	cert := unknown.Cert
	if failed, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(failed.UnverifiedCertificates) > 0 {
		cert = failed.UnverifiedCertificates[0]
	}
	return cert != nil && bytes.Equal(cert.RawIssuer, cert.RawSubject)
}
