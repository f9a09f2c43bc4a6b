package mssql

import (
	"errors"
	"runtime"
	"strings"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// failure is why a login failed, in one line, with the errors that the driver has made text of.
type failure struct {
	text   string
	errs   []error
	hint   string // may be empty
	driver bool   // the text is of the driver, not of who dials for it
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.errs }

// explain completes an error of the driver.
func (a *attempt) explain(err error) error {
	heard, cause := a.trace.seen()
	if f, ok := cause.(*failure); ok { // it is complete
		return f
	}
	f := &failure{text: strings.ReplaceAll(err.Error(), "\n", "; "), errs: []error{err}, driver: a.dialed || a.dials == 0}
	if f.text == "EOF" || strings.HasSuffix(f.text, ": EOF") {
		f.text = strings.TrimSuffix(f.text, "EOF") + "the server closed the connection (EOF)"
	}
	if network.As[runtime.Error](err) { // the driver has trusted what the server sent
		f.errs = append(f.errs, errNotSQLServer)
	}
	if cause != nil && !errors.Is(err, cause) {
		f.errs = append(f.errs, cause)
	}
	if !heard && table.Diagnose(f).Kind == registry.KindLost {
		f.hint = "the server hung up without an answer: check host and port, and whether it takes strict encryption only (params.strict=true)"
		if a.c.set.strict {
			f.hint = "the server hung up without an answer: check host and port, and that it is SQL Server 2022 or later, because older ones have no strict encryption (params.strict)"
		}
	}
	return f
}
