package conn

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/patchbay-go/patchbay/registry"
)

// KindOf tells the kind of an error that came from opening or using any database of this program. For an
// error of a statement, [Conn.Kind] is more exact where several drivers are linked. Context errors are
// KindCancelled; an error that no driver of the default registry claims is KindUnknown.
func KindOf(err error) Kind { return kindOf(err, nil) }

// Retryable reports whether err is of a kind for which opening a database is attempted again. It does not mean
// that a statement may be repeated: it may have taken effect before its connection broke.
func Retryable(err error) bool { return Retry{}.worthwhile(err, nil) }

// kindOf asks the given driver, or every driver of the default registry if it is nil.
func kindOf(err error, one registry.Driver) Kind {
	if err == nil {
		return KindUnknown
	}
	if opening, ok := errors.AsType[*Error](err); ok {
		return opening.Kind
	}
	switch {
	case is[*timeoutError](err):
		return KindTimeout
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return KindCancelled
	case is[*registry.ConfigError](err), is[*registry.MissingDriverError](err), is[*registry.UnsupportedDialectError](err):
		return KindConfig
	}
	for _, d := range drivers(one) {
		if kind := d.Kind(err); kind != KindUnknown {
			return kind
		}
	}
	if errors.Is(err, driver.ErrBadConn) {
		return KindLost
	}
	return KindUnknown
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// drivers returns the given driver or, for nil, all of the default registry.
func drivers(one registry.Driver) []registry.Driver {
	if one != nil {
		return []registry.Driver{one}
	}
	var all []registry.Driver
	for _, info := range registry.Linked() {
		if d, err := registry.Lookup(info.Dialect); err == nil {
			all = append(all, d)
		}
	}
	return all
}

// advise asks the driver, or all drivers, what is known of err beyond its kind.
func advise(err error, one registry.Driver) registry.Advice {
	for _, d := range drivers(one) {
		if adviser, ok := d.(registry.Adviser); ok {
			if advice := adviser.Advise(err); advice != (registry.Advice{}) {
				return advice
			}
		}
	}
	return registry.Advice{}
}
