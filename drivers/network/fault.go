package network

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"io"
	"net"
	"syscall"

	"github.com/patchbay-go/patchbay/registry"
)

// faults is in the order in which the rows are asked. The texts of alerts are those of
// https://www.rfc-editor.org/rfc/rfc8446#section-6.2 as package crypto/tls words them.
var faults = [...]struct {
	Cause
	kind  registry.Kind
	hint  string // empty: what is usual for the kind
	final bool   // said only of kinds that are retried
}{
	{Cause{Is: []*error{&context.Canceled}}, registry.KindCanceled, "", false},
	{Cause{when: selfSigned}, registry.KindTLS, "the server's certificate is self-signed: put it into ssl.ca", false},
	{Cause{Like: x509.UnknownAuthorityError{}}, registry.KindTLS, "the authority that issued the server's certificate is not trusted here: put its certificate into ssl.ca", false},
	{Cause{Like: x509.HostnameError{}}, registry.KindTLS, "the server's certificate is for another name: connect by a name that is in it, or put that name into ssl.serverName", false},
	{Cause{when: expired}, registry.KindTLS, "the server's certificate has expired or is not valid yet: renew it on the server, and check the clock of this machine", false},
	{Cause{Like: x509.SystemRootsError{}}, registry.KindTLS, "this machine has no root certificates: install them (package ca-certificates), or set ssl.ca", false},
	{Cause{Like: tls.RecordHeaderError{}}, registry.KindTLS, "what answers does not speak TLS: check host and port", false},
	{Cause{Says: []string{"tls: certificate required"}}, registry.KindTLS, "the server asks for a client certificate: set ssl.cert and ssl.key", false},
	{Cause{Says: []string{"tls: unknown certificate authority"}}, registry.KindTLS, "the server does not trust the authority of the client certificate: have ssl.cert issued by one that it trusts", false},
	{Cause{Says: []string{"tls: expired certificate"}}, registry.KindTLS, "the client certificate has expired: renew ssl.cert and ssl.key", false},
	{Cause{Says: []string{"tls: revoked certificate"}}, registry.KindTLS, "the client certificate was revoked: set another ssl.cert and ssl.key", false},
	{Cause{Says: []string{"tls: bad certificate", "tls: unknown certificate"}}, registry.KindTLS, "the server refuses the client certificate: check ssl.cert, and what the server's log says of it", false},
	{Cause{Says: []string{"tls: unrecognized name"}}, registry.KindTLS, "the server has no certificate for this name: check host and ssl.serverName", false},
	{Cause{Says: []string{"tls: protocol version not supported", "tls: server selected unsupported protocol version"}}, registry.KindTLS, "the server has no version of TLS from 1.2 on: update it", false},
	{Cause{Says: []string{"tls: handshake failure"}}, registry.KindTLS, "the server and this program have no cipher in common, or it wants a client certificate (ssl.cert, ssl.key)", false},
	{Cause{Like: x509.CertificateInvalidError{}}, registry.KindTLS, "", false},
	{Cause{Says: []string{"tls: either ServerName or InsecureSkipVerify"}}, registry.KindConfig, "", false},
	{Cause{Says: []string{"tls: "}}, registry.KindTLS, "", false}, // what else does not verify; and alerts, versions and ciphers that do not match have no type
	{Cause{Like: (*net.AddrError)(nil)}, registry.KindConfig, "", false},
	{Cause{Like: net.UnknownNetworkError("")}, registry.KindConfig, "", false},
	{Cause{errnos: &longPath, dialing: true}, registry.KindConfig, "the path of a unix socket can have no more than 107 bytes (103 on macOS and BSD): use a shorter one", false},
	{Cause{when: noSuchHost}, registry.KindUnreachable, "the name does not exist: check its spelling, and that this machine's DNS knows it", true},
	{Cause{Like: (*net.DNSError)(nil)}, registry.KindUnreachable, "the name could not be looked up: check this machine's DNS", false},
	{Cause{errnos: &noSocket, dialing: true}, registry.KindUnreachable, "there is no socket at that path: check the path, and that the server is running", false},
	{Cause{errnos: &noRight, dialing: true}, registry.KindUnreachable, "this process may not open that socket: check its permissions and those of its folder", true},
	{Cause{errnos: &unreachable}, registry.KindUnreachable, "", false},
	{Cause{when: isTimeout}, registry.KindTimeout, "", false},
	{Cause{errnos: &lost}, registry.KindLost, "", false},
	{Cause{Is: []*error{&io.EOF, &io.ErrUnexpectedEOF, &io.ErrClosedPipe, &net.ErrClosed, &driver.ErrBadConn}}, registry.KindLost, "", false},
}

// selfSigned tells a server's certificate that stands for itself from one that an authority issued. What package
// x509 names is where the chain ends, which may be the authority's certificate if the server sends that too.
func selfSigned(err error) bool {
	failed, ok := err.(*tls.CertificateVerificationError)
	if !ok || len(failed.UnverifiedCertificates) == 0 || Find(failed.Err, x509.UnknownAuthorityError{}) == nil {
		return false
	}
	cert := failed.UnverifiedCertificates[0]
	return bytes.Equal(cert.RawIssuer, cert.RawSubject)
}

func expired(err error) bool {
	e, ok := err.(x509.CertificateInvalidError)
	return ok && e.Reason == x509.Expired
}

func noSuchHost(err error) bool {
	e, ok := err.(*net.DNSError)
	return ok && e.IsNotFound
}

// Of dialing a unix socket.
var (
	longPath = []error{syscall.EINVAL}
	noSocket = []error{syscall.ENOENT, syscall.ENOTDIR}
	noRight  = []error{syscall.EACCES, syscall.EPERM}
)

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout() || isOneOf(err, timedOut)
}
