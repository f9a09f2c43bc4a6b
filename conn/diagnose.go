package conn

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Diagnose says what an error means that came from opening or using any database of this program. Where several
// drivers are linked, [Conn.Diagnose] is more exact. The kind is that of the first [*Error] in err, if there is one,
// then KindCanceled for the end of a context, and then what a driver of the default registry says; the zero
// Diagnosis is that of an error that none claims.
func Diagnose(err error) Diagnosis { return diagnose(err, claimant(err)) }

// KindOf returns the Kind of [Diagnose].
func KindOf(err error) Kind { return Diagnose(err).Kind }

// Retryable reports whether err is of a kind for which opening a database is attempted again. It does not mean
// that a statement may be repeated: it may have taken effect before its connection broke.
func Retryable(err error) bool { return Retry{}.worthwhile(err, claimant(err)) }

// claimant returns the driver of the default registry that knows err, or nil.
func claimant(err error) registry.Driver {
	for _, info := range registry.Linked() {
		if d, missing := registry.Lookup(info.Dialect); missing == nil && d.Diagnose(err) != (Diagnosis{}) {
			return d
		}
	}
	return nil
}

// diagnose asks the driver, if there is one, about what this package does not know itself.
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

func ask(err error, d registry.Driver) (found Diagnosis) {
	if err == nil {
		return Diagnosis{}
	}
	if d != nil {
		found = d.Diagnose(err)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		found.Kind = e.Kind
		if found.Hint == "" {
			found.Hint = e.Hint
		}
		return found
	}
	switch {
	case is[*timeoutError](err):
		found.Kind = KindTimeout
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		found.Kind = KindCanceled
	case is[*ConfigError](err), is[*MissingDriverError](err), is[*UnsupportedDialectError](err):
		found.Kind = KindConfig
	case found.Kind == KindUnknown && errors.Is(err, driver.ErrBadConn):
		found.Kind = KindLost
	}
	return found
}

// advice completes the hint of a driver: with what is usual for the kind, and with the name of the constraint.
func advice(d Diagnosis) string {
	hint := cmp.Or(d.Hint, hints[d.Kind])
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
