package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/patchbay-go/patchbay/registry"
)

// Kind tells the kind of an error of the network or of TLS, however deeply it is wrapped, and KindUnknown for
// any other. Where an error joins several, such as one for each address of a host, a fault that trying again
// cannot mend wins.
//
// A driver asks its own table after certificates and before the rest:
//
//	kind := network.Kind(err)
//	if kind == registry.KindTLS {
//		return kind
//	}
//	// … the codes of the database; where there is none:
//	return kind
func Kind(err error) registry.Kind {
	for _, row := range kinds {
		if row.is(err) {
			return row.kind
		}
	}
	return registry.KindUnknown
}

// kinds is in the order in which the rows are asked.
var kinds = []struct {
	is   func(error) bool
	kind registry.Kind
}{
	{is(context.Canceled), registry.KindCancelled},
	{of[*tls.CertificateVerificationError](), registry.KindTLS},
	{of[x509.UnknownAuthorityError](), registry.KindTLS},
	{of[x509.HostnameError](), registry.KindTLS},
	{of[x509.CertificateInvalidError](), registry.KindTLS},
	{of[tls.RecordHeaderError](), registry.KindTLS},
	{text("tls: either ServerName or InsecureSkipVerify"), registry.KindConfig},
	{text("tls: "), registry.KindTLS}, // alerts of the server, and versions and ciphers that do not match, have no type
	{of[*net.AddrError](), registry.KindConfig},
	{of[net.UnknownNetworkError](), registry.KindConfig},
	{socket(syscall.EINVAL), registry.KindConfig}, // a path that is too long
	{of[*net.DNSError](), registry.KindUnreachable},
	{socket(syscall.ENOENT, syscall.ENOTDIR, syscall.EACCES, syscall.EPERM), registry.KindUnreachable},
	{is(unreachable...), registry.KindUnreachable},
	{as(func(e net.Error) bool { return e.Timeout() }), registry.KindTimeout},
	{is(timedOut...), registry.KindTimeout},
	{is(lost...), registry.KindLost},
	{is(io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, driver.ErrBadConn), registry.KindLost},
}

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func of[E error]() func(error) bool {
	return func(err error) bool {
		return within(err, func(err error) bool { _, ok := err.(E); return ok })
	}
}

func as[E error](accept func(E) bool) func(error) bool {
	return func(err error) bool {
		return within(err, func(err error) bool { e, ok := err.(E); return ok && accept(e) })
	}
}

// within reports whether match accepts err or one that it wraps. It is errors.As without the generic code, which
// would be linked once for each of the many types above.
func within(err error, match func(error) bool) bool {
	if err == nil || match(err) {
		return err != nil
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return within(e.Unwrap(), match)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), func(err error) bool { return within(err, match) })
	}
	return false
}

// socket matches errors of dialing a unix socket only: a dialer that reads a file may fail with the same ones.
func socket(targets ...error) func(error) bool {
	match := is(targets...)
	return as(func(e *net.OpError) bool { return e.Op == "dial" && e.Net == "unix" && match(e) })
}

func text(prefixes ...string) func(error) bool {
	return func(err error) bool { return Says(err, prefixes...) }
}

// Says reports whether err, or one that it wraps, starts with one of the prefixes: for errors that have no type
// of their own.
func Says(err error, prefixes ...string) bool {
	return within(err, func(err error) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(err.Error(), prefix) })
	})
}
