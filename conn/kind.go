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
	var (
		opening     *Error
		timeout     *timeoutError
		wrong       *registry.ConfigError
		missing     *registry.MissingDriverError
		unsupported *registry.UnsupportedDialectError
	)
	switch {
	case err == nil:
		return KindUnknown
	case errors.As(err, &opening):
		return opening.Kind
	case errors.As(err, &timeout):
		return KindTimeout
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return KindCancelled
	case errors.As(err, &wrong), errors.As(err, &missing), errors.As(err, &unsupported):
		return KindConfig
	}
	for d := range drivers(one) {
		if kind := d.Kind(err); kind != KindUnknown {
			return kind
		}
	}
	if errors.Is(err, driver.ErrBadConn) {
		return KindLost
	}
	return KindUnknown
}

// drivers yields the given driver or, for nil, all of the default registry.
func drivers(one registry.Driver) func(yield func(registry.Driver) bool) {
	return func(yield func(registry.Driver) bool) {
		if one != nil {
			yield(one)
			return
		}
		for _, info := range registry.Linked() {
			if d, err := registry.Lookup(info.Dialect); err == nil && !yield(d) {
				return
			}
		}
	}
}

// advise asks the driver, or all drivers, what is known of err beyond its kind.
func advise(err error, one registry.Driver) registry.Advice {
	for d := range drivers(one) {
		if adviser, ok := d.(registry.Adviser); ok {
			if advice := adviser.Advise(err); advice != (registry.Advice{}) {
				return advice
			}
		}
	}
	return registry.Advice{}
}
