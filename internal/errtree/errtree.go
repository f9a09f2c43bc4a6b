// Package errtree searches an error and those that it wraps. Package conn and the drivers ask it in place of
// [errors.AsType], whose code and types a program would link again for each type.
package errtree

// Find returns the first that match accepts of err and those that it wraps, in the order of [errors.As]; nil if there
// is none.
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
