// Package errtree joins errors and searches them. The other packages call it in place of [errors.AsType] and
// [errors.Join], whose code a program would link again for each type and each caller.
package errtree

import "errors"

// Find returns the first that match accepts of err and those that it wraps, in the order of [errors.As]; nil if there
// is none. It asks no error for a method As.
func Find(err error, match func(error) bool) error {
	if err == nil || match(err) {
		return err
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return Find(e.Unwrap(), match)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			if found := Find(err, match); found != nil {
				return found
			}
		}
	}
	return nil
}

// Join is [errors.Join], which the compiler would put into each of its callers.
//
//go:noinline
func Join(errs ...error) error { return errors.Join(errs...) }
