package network

import (
	"errors"
	"net"
	"reflect"
	"strings"

	"github.com/patchbay-go/patchbay/internal/errtree"
)

// Cause is a row's condition in a table of errors: what one of them has to be, by any of Says, Is and Like that is set. It
// is data, and so is the table; a table of functions would be code that runs at the start of every program.
type Cause struct {
	Says []string // its text starts with one of these: for errors that have no type of their own
	Is   []*error // it is one of these, as by [errors.Is]
	Like error    // it has the type of this one, whatever else is in it

	when    func(error) bool // this is true of it
	errnos  *[]error         // it is one of these
	dialing bool             // of them, only while a unix socket was dialed
}

// Of reports whether err, or one that it wraps, is what c describes.
func (c *Cause) Of(err error) bool {
	for _, target := range c.Is {
		if errors.Is(err, *target) {
			return true
		}
	}
	return errtree.Find(err, c.describes) != nil
}

func (c *Cause) describes(err error) bool {
	for _, prefix := range c.Says {
		if strings.HasPrefix(err.Error(), prefix) {
			return true
		}
	}
	switch {
	case c.Like != nil:
		return reflect.TypeOf(c.Like) == reflect.TypeOf(err)
	case c.when != nil:
		return c.when(err)
	case c.dialing:
		// A dialer that reads a file may fail with the same ones.
		if e, ok := err.(*net.OpError); !ok || e.Op != "dial" || e.Net != "unix" {
			return false
		}
	case c.errnos == nil:
		return false
	}
	return isOneOf(err, *c.errnos)
}

// Find returns err, or the first that it wraps, that has the type of like; nil if there is none. It is what
// [errors.AsType] is for one type, whose code would be linked once for each type.
func Find(err, like error) error {
	return errtree.Find(err, (&Cause{Like: like}).describes)
}

// Says reports whether err, or one that it wraps, starts with one of the prefixes.
func Says(err error, prefixes ...string) bool {
	return errtree.Find(err, (&Cause{Says: prefixes}).describes) != nil
}

// isOneOf is [errors.Is] for several targets. It is larger than its calls.
//
//go:noinline
func isOneOf(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
