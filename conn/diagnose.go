package conn

import (
	"context"
	"database/sql/driver"
	"errors"
	"runtime/debug"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Diagnose says what an error means that came from opening or using any database of this program. Where several
// drivers are linked, [Conn.Diagnose] is more exact. The kind is that of the first [*Error] in err, if there is one,
// then KindCanceled if err holds [context.Canceled] or [context.DeadlineExceeded] itself, and then what a driver of the default registry says; the zero
// Diagnosis is that of an error that none claims. Of joined errors it is the first that gives a kind.
func Diagnose(err error) Diagnosis { return diagnose(err, claimant(err)) }

// KindOf returns the Kind of [Diagnose].
func KindOf(err error) Kind { return Diagnose(err).Kind }

// Retryable reports whether err is of a kind for which opening a database is attempted again. It does not mean
// that a statement may be repeated: it may have taken effect before its connection broke.
func Retryable(err error) bool { return worthwhile(err, new(Retry), claimant(err)) }

// claimant returns the driver of the default registry that knows err, or nil.
func claimant(err error) registry.Driver {
	for _, info := range registry.Linked() {
		if d, missing := registry.Lookup(info.Dialect); missing == nil {
			if found, _ := consult(err, d); found != (Diagnosis{}) {
				return d
			}
		}
	}
	return nil
}

// diagnose gives the kind of an error and what to do about it. Of joined errors it is the first that has a kind.
func diagnose(err error, d registry.Driver) Diagnosis {
	found := ask(err, d)
	for e := err; e != nil && found.Kind == KindUnknown; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		for _, e := range joined.Unwrap() { // the first of them may be one that the driver knows, and has no kind
			if one := diagnose(e, d); one.Kind != KindUnknown {
				return one
			}
		}
	}
	found.Hint = advice(found)
	return found
}

// ask says first what this package knows of the error, and then asks the driver, if there is one. Of joined errors, of
// which this package knows one, it is the first that gives a kind.
func ask(err error, d registry.Driver) (found Diagnosis) {
	if err == nil {
		return Diagnosis{}
	}
	if kind, known := own(err, d); known {
		if d != nil {
			found, _ = consult(decidingOf(err), d)
		}
		if found.Kind != kind {
			found = Diagnosis{Kind: kind}
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == kind && found.Hint == "" {
			found.Hint = e.Hint
		}
		return found
	}
	if d != nil {
		found, _ = consult(err, d)
	}
	if found.Kind == KindUnknown {
		var timeout interface{ Timeout() bool }
		switch {
		case errors.Is(err, driver.ErrBadConn):
			found.Kind = KindLost
		case errors.As(err, &timeout) && timeout.Timeout():
			found.Kind = KindTimeout
		}
	}
	return found
}

// consult asks the driver, which may panic over an error that it does not expect.
func consult(err error, d registry.Driver) (found Diagnosis, panicked error) {
	defer func() {
		if v := recover(); v != nil {
			panicked = &PanicError{v, debug.Stack()}
		}
	}()
	return d.Diagnose(err), nil
}

// own returns the kind of an error that this package knows without the driver. Of the end of a context it knows the very
// values, and not what answers errors.Is like them, as the timeouts of package net do.
func own(err error, d registry.Driver) (kind Kind, known bool) {
	switch err {
	case context.Canceled, context.DeadlineExceeded:
		return KindCanceled, true
	}
	switch e := err.(type) {
	case *Error:
		return e.Kind, true
	case *endError:
		return e.kind, true
	case *hostsError:
		return e.deciding().Kind, true
	case *PanicError: // whatever it panicked with
		return KindUnknown, true
	case *ConfigError, *MissingDriverError, *UnsupportedDialectError:
		return KindConfig, true
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return own(inner, d)
		}
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		for i, err := range all {
			if kind, known = own(err, d); !known {
				continue
			}
			for _, before := range all[:i] {
				if found := diagnose(before, d); found.Kind != KindUnknown {
					return found.Kind, true
				}
			}
			return kind, true
		}
	}
	return KindUnknown, false
}

// advice completes the hint of a driver: with what is usual for the kind, and with the name of the constraint.
func advice(d Diagnosis) string {
	hint := d.Hint
	if hint == "" && int(d.Kind) < len(hints) {
		hint = hints[d.Kind]
	}
	wrong, cure, found := strings.Cut(hint, ": ")
	if d.Constraint == "" || !found {
		return hint
	}
	return wrong + " (constraint " + d.Constraint + "): " + cure
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
