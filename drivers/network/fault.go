package network

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/patchbay-go/patchbay/registry"
)

// Diagnose tells what an error of the network or of TLS means, however deeply it is wrapped, and nothing of any
// other. Where an error joins several, such as one for each address of a host, a fault that trying again cannot mend
// wins. A driver asks it through a [Table].
func Diagnose(err error) registry.Diagnosis {
	d, _ := diagnose(faults, err)
	for _, alert := range alerts {
		if d.Kind == registry.KindTLS && d.Hint == "" && says(alert.text)(err) {
			d.Hint = alert.hint
		}
	}
	return d
}

// faults is in the order in which the rows are asked.
var faults = []Fault{
	{Is(context.Canceled), registry.KindCanceled, false, ""},
	{selfSigned, registry.KindTLS, false, "the server's certificate is self-signed: put it into ssl.ca"},
	{As[x509.UnknownAuthorityError], registry.KindTLS, false, "the authority that issued the server's certificate is not trusted here: put its certificate into ssl.ca"},
	{As[x509.HostnameError], registry.KindTLS, false, "the server's certificate is for another name: connect by a name that is in it, or put that name into ssl.serverName"},
	{expired, registry.KindTLS, false, "the server's certificate has expired or is not valid yet: renew it on the server, and check the clock of this machine"},
	{As[x509.SystemRootsError], registry.KindTLS, false, "this machine has no root certificates: install them (package ca-certificates), or set ssl.ca"},
	{As[tls.RecordHeaderError], registry.KindTLS, false, "what answers does not speak TLS: check host and port"},
	{As[x509.CertificateInvalidError], registry.KindTLS, false, ""},
	{says("tls: either ServerName or InsecureSkipVerify"), registry.KindConfig, false, ""},
	{says("tls: "), registry.KindTLS, false, ""}, // what else does not verify; and alerts, versions and ciphers that do not match have no type
	{As[*net.AddrError], registry.KindConfig, false, ""},
	{As[net.UnknownNetworkError], registry.KindConfig, false, ""},
	{dialingSocket(syscall.EINVAL), registry.KindConfig, false, "the path of a unix socket can have no more than 107 bytes (103 on macOS and BSD): use a shorter one"},
	{noSuchHost, registry.KindUnreachable, true, "the name does not exist: check its spelling, and that this machine's DNS knows it"},
	{As[*net.DNSError], registry.KindUnreachable, false, "the name could not be looked up: check this machine's DNS"},
	{dialingSocket(syscall.ENOENT, syscall.ENOTDIR), registry.KindUnreachable, false, "there is no socket at that path: check the path, and that the server is running"},
	{dialingSocket(syscall.EACCES, syscall.EPERM), registry.KindUnreachable, true, "this process may not open that socket: check its permissions and those of its folder"},
	{Is(unreachable...), registry.KindUnreachable, false, ""},
	{isTimeout, registry.KindTimeout, false, ""},
	{Is(lost...), registry.KindLost, false, ""},
	{Is(net.ErrClosed, driver.ErrBadConn), registry.KindLost, false, ""},
	{streamEnds, registry.KindLost, false, ""},
}

// alerts tell more of a fault of TLS, in the order in which they are asked. The texts are those of
// https://www.rfc-editor.org/rfc/rfc8446#section-6.2 as package crypto/tls words them.
var alerts = []struct{ text, hint string }{
	{"tls: certificate required", "the server asks for a client certificate: set ssl.cert and ssl.key"},
	{"tls: unknown certificate authority", "the server does not trust the authority of the client certificate: have ssl.cert issued by one that it trusts"},
	{"tls: expired certificate", "the client certificate has expired: renew ssl.cert and ssl.key"},
	{"tls: revoked certificate", "the client certificate was revoked: set another ssl.cert and ssl.key"},
	{"tls: bad certificate", "the server refuses the client certificate: check ssl.cert, and what the server's log says of it"},
	{"tls: unknown certificate", "the server refuses the client certificate: check ssl.cert, and what the server's log says of it"},
	{"tls: unrecognized name", "the server has no certificate for this name: check host and ssl.serverName"},
	{"tls: protocol version not supported", "the server has no version of TLS from 1.2 on: update it"},
	{"tls: server selected unsupported protocol version", "the server has no version of TLS from 1.2 on: update it"},
	{"tls: handshake failure", "the server and this program have no cipher in common, or it wants a client certificate (ssl.cert, ssl.key)"},
}

// streamEnds matches the end of a connection. A file ends with the same error, and a driver that passes it on from a
// connection says so by a type of its own.
func streamEnds(err error) bool {
	ends := Is(io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe)
	e, ok := errors.AsType[*net.OpError](err)
	return ok && ends(e.Err) || AtLogin(ends)(err)
}

// says matches the errors of package crypto/tls that have no type. An alert, which may come after the login, is in an
// error of the network.
func says(prefix string) func(error) bool { return tlsSays(prefix).match }

type tlsSays string

func (prefix tlsSays) match(err error) bool {
	match := Says(string(prefix))
	alert, ok := errors.AsType[*net.OpError](err)
	return ok && alert.Op == "remote error" && match(alert) || AtLogin(match)(err)
}

// selfSigned tells a server's certificate that stands for itself from one that an authority issued. What package
// x509 names is where the chain ends, which may be the authority's certificate if the server sends that too.
func selfSigned(err error) bool {
	failed, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(failed.UnverifiedCertificates) == 0 || !As[x509.UnknownAuthorityError](failed.Err) {
		return false
	}
	cert := failed.UnverifiedCertificates[0]
	return bytes.Equal(cert.RawIssuer, cert.RawSubject)
}

func expired(err error) bool {
	var e x509.CertificateInvalidError
	return errors.As(err, &e) && e.Reason == x509.Expired
}

func noSuchHost(err error) bool {
	e, ok := errors.AsType[*net.DNSError](err)
	return ok && e.IsNotFound
}

// dialingSocket matches errors of dialing a unix socket. A dialer that reads a file may fail with the same ones.
func dialingSocket(errnos ...error) func(error) bool { return socketErrors(errnos).match }

type socketErrors []error

func (errnos socketErrors) match(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial" && e.Net == "unix" && Is(errnos...)(e)
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout() || Is(timedOut...)(err)
}
