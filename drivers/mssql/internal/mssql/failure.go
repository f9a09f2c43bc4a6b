package mssql

import (
	"errors"
	"strings"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// failure is why a login failed, in one line, with the errors that the driver has made text of.
type failure struct {
	text string
	errs []error
	hint string // may be empty
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.errs }

// What the driver writes before errors of a handshake, and crypto/tls before those that the server tells.
const (
	handshakeFailed = "TLS Handshake failed: "
	remoteError     = "remote error: "
)

// explain completes an error of the driver.
func (a *attempt) explain(err error) error {
	heard, cause := a.trace.seen()
	if f, ok := cause.(*failure); ok { // it is complete
		return f
	}
	f := &failure{text: strings.ReplaceAll(err.Error(), "\n", "; "), errs: []error{err}}
	if before, ok := strings.CutSuffix(f.text, "EOF"); ok {
		f.text = before + "the server closed the connection (EOF)"
	}
	if cause != nil && !errors.Is(err, cause) {
		f.errs = append(f.errs, cause)
	} else if inner, ok := strings.CutPrefix(f.text, handshakeFailed); ok {
		f.errs = append(f.errs, errors.New(strings.TrimPrefix(inner, remoteError)))
	}
	if !heard && network.Diagnose(f).Kind == registry.KindLost {
		f.hint = "the server hung up without an answer: check host and port, and whether it takes strict encryption only (params.strict=true)"
		if a.c.set.strict {
			f.hint = "the server hung up without an answer: check host and port, and that it is SQL Server 2022 or later, because older ones have no strict encryption (params.strict)"
		}
	}
	return f
}
