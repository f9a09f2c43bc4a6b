package errtree_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/internal/errtree"
)

type wanted struct{ name string }

func (w *wanted) Error() string { return w.name }

// holes wraps nothing where others wrap something.
type holes []error

func (holes) Error() string     { return "holes" }
func (h holes) Unwrap() []error { return h }

func TestFindFindsWhatAsTypeFinds(t *testing.T) {
	isWanted := func(err error) bool {
		_, ok := err.(*wanted)
		return ok
	}
	a, b, other := &wanted{"a"}, &wanted{"b"}, errors.New("other")
	for name, err := range map[string]error{
		"nothing":        nil,
		"another":        other,
		"itself":         a,
		"wrapped":        fmt.Errorf("x: %w", fmt.Errorf("y: %w", a)),
		"outermost":      fmt.Errorf("%w: %w", a, b),
		"joined":         errors.Join(other, errors.Join(fmt.Errorf("x: %w", b)), a),
		"beside nothing": holes{nil, fmt.Errorf("x: %w", other), nil, a},
		"wraps nothing":  holes{nil},
	} {
		want, found := errors.AsType[*wanted](err)
		got := errtree.Find(err, isWanted)
		if found != (got != nil) || found && got != want {
			t.Errorf("%s: found %v, and errors.AsType finds %v", name, got, want)
		}
	}
}
