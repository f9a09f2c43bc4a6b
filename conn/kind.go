package conn

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/patchbay-go/patchbay/internal/errtree"
	"github.com/patchbay-go/patchbay/registry"
)

// KindOf tells the kind of an error that came from opening or using any database of this program. For an
// error of a statement, [Conn.Kind] is more exact where several drivers are linked. Context errors are
// KindCanceled; an error that no driver of the default registry claims is KindUnknown. Of several errors of this
// package in one, the first counts, in the order of [errors.As].
func KindOf(err error) Kind { return kindOf(err, claimant(err)) }

// Retryable reports whether err is of a kind for which opening a database is attempted again. It does not mean
// that a statement may be repeated: it may have taken effect before its connection broke.
func Retryable(err error) bool { return Retry{}.worthwhile(err, claimant(err)) }

// claimant returns the driver of the default registry that knows err, or nil.
func claimant(err error) registry.Driver {
	for _, info := range registry.Linked() {
		if d, missing := registry.Lookup(info.Dialect); missing == nil && d.Kind(err) != KindUnknown {
			return d
		}
	}
	return nil
}

// kindOf asks the driver, if there is one, about what this package does not know itself.
func kindOf(err error, d registry.Driver) Kind {
	if err == nil {
		return KindUnknown
	}
	known := errtree.Find(err, isKnown)
	switch e := known.(type) {
	case *Error:
		return e.Kind
	case *timeoutError:
		return KindTimeout
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return KindCanceled
	case known != nil:
		return KindConfig
	}
	if d != nil {
		if kind := d.Kind(err); kind != KindUnknown {
			return kind
		}
	}
	if errors.Is(err, driver.ErrBadConn) {
		return KindLost
	}
	return KindUnknown
}

// isKnown tells the errors of this package and of registry.
func isKnown(err error) bool {
	switch err.(type) {
	case *Error, *timeoutError, *registry.ConfigError, *registry.MissingDriverError, *registry.UnsupportedDialectError:
		return true
	}
	return false
}

// advise returns what the driver, if there is one, knows of err beyond its kind.
func advise(err error, d registry.Driver) (advice registry.Advice) {
	if adviser, ok := d.(registry.Adviser); ok {
		advice = adviser.Advise(err)
	}
	return advice
}
