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
	row := find(faults, err)
	if row == nil {
		return registry.Diagnosis{}
	}
	d := row.diagnosis()
	for i := range alerts {
		if d.Kind == registry.KindTLS && d.Hint == "" && tlsSays(err, alerts[i].text) {
			d.Hint = alerts[i].hint
		}
	}
	return d
}

// faults is in the order in which the rows are asked.
var faults = []Fault{
	{Is: []error{context.Canceled}, Kind: registry.KindCanceled},
	{Match: selfSigned, Kind: registry.KindTLS, Hint: "the server's certificate is self-signed: put it into ssl.ca"},
	{Match: As[x509.UnknownAuthorityError], Kind: registry.KindTLS, Hint: "the authority that issued the server's certificate is not trusted here: put its certificate into ssl.ca"},
	{Match: As[x509.HostnameError], Kind: registry.KindTLS, Hint: "the server's certificate is for another name: connect by a name that is in it, or put that name into ssl.serverName"},
	{Match: expired, Kind: registry.KindTLS, Hint: "the server's certificate has expired or is not valid yet: renew it on the server, and check the clock of this machine"},
	{Match: As[x509.SystemRootsError], Kind: registry.KindTLS, Hint: "this machine has no root certificates: install them (package ca-certificates), or set ssl.ca"},
	{Match: As[tls.RecordHeaderError], Kind: registry.KindTLS, Hint: "what answers does not speak TLS: check host and port"},
	{Match: As[x509.CertificateInvalidError], Kind: registry.KindTLS},
	{alert: true, Login: []string{"tls: either ServerName or InsecureSkipVerify"}, Kind: registry.KindConfig},
	{alert: true, Login: []string{"tls: "}, Kind: registry.KindTLS}, // what else does not verify; and alerts, versions and ciphers that do not match have no type
	{Match: isNoAddress, Kind: registry.KindConfig},
	{dialing: true, Is: []error{syscall.EINVAL}, Kind: registry.KindConfig, Hint: "the path of a unix socket can have no more than 107 bytes (103 on macOS and BSD): use a shorter one"},
	{Match: noSuchHost, Kind: registry.KindUnreachable, Permanent: true, Hint: "the name does not exist: check its spelling, and that this machine's DNS knows it"},
	{Match: As[*net.DNSError], Kind: registry.KindUnreachable, Hint: "the name could not be looked up: check this machine's DNS"},
	{dialing: true, Is: []error{syscall.ENOENT, syscall.ENOTDIR}, Kind: registry.KindUnreachable, Hint: "there is no socket at that path: check the path, and that the server is running"},
	{dialing: true, Is: []error{syscall.EACCES, syscall.EPERM}, Kind: registry.KindUnreachable, Permanent: true, Hint: "this process may not open that socket: check its permissions and those of its folder"},
	{Is: unreachable, Kind: registry.KindUnreachable},
	{Match: isTimeout, Kind: registry.KindTimeout},
	{Is: lost, Kind: registry.KindLost},
	{Is: []error{net.ErrClosed, driver.ErrBadConn}, Kind: registry.KindLost},
	{Match: streamEnds, Kind: registry.KindLost},
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
	ends := []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe}
	if e, ok := errors.AsType[*net.OpError](err); ok && is(e.Err, ends) {
		return true
	}
	e, ok := errors.AsType[*loginError](err)
	return ok && is(e.err, ends)
}

// tlsSays matches the errors of package crypto/tls that have no type. An alert, which may come after the login, is in an
// error of the network.
func tlsSays(err error, prefixes ...string) bool {
	alert, ok := errors.AsType[*net.OpError](err)
	return ok && alert.Op == "remote error" && Says(alert, prefixes...) || LoginSays(err, prefixes...)
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

func isNoAddress(err error) bool { return As[*net.AddrError](err) || As[net.UnknownNetworkError](err) }

func noSuchHost(err error) bool {
	e, ok := errors.AsType[*net.DNSError](err)
	return ok && e.IsNotFound
}

// dialingSocket matches errors of dialing a unix socket. A dialer that reads a file may fail with the same ones.
func dialingSocket(err error, errnos []error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial" && e.Net == "unix" && is(e, errnos)
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout() || is(err, timedOut)
}
