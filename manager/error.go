package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/spell"
)

var (
	// ErrClosing is in the error for what cannot be opened because [Manager.CloseAll] is running.
	ErrClosing = errors.New("the manager is closing all connections")

	// ErrClosed is in the error of those who waited for a connection when it was closed.
	ErrClosed = errors.New("connection closed before it was opened")

	errReset    = errors.New("this manager was closed by Reset: call Default again")
	errNotEnded = errors.New("the driver, a listener or a function of OnClose has not returned")
)

// called is a connection as errors name it. One that was opened without a name has one in events only.
func called(name string) string {
	if name == "__default__" {
		return "connection"
	}
	return fmt.Sprintf("connection %q", name)
}

// MismatchError says that a name stands for another config than the one that was asked for. It shows no value
// of either.
type MismatchError struct {
	Name   string
	State  State    // StateClosed if the config is that of a map and nothing is open yet
	Fields []string // in which they differ, such as "host" and "password"
}

// Error names the fields and what to do.
func (e *MismatchError) Error() string {
	cure := "call Replace to change it, or use another name"
	if e.State == StateClosed {
		cure = "call Reload to change it, or use another name"
	}
	return fmt.Sprintf("%s is %s with another config, which differs in %s: %s", called(e.Name), now[e.State], strings.Join(e.Fields, ", "), cure)
}

// now is how errors say in which state a connection is.
var now = map[State]string{StateClosed: "configured", StateOpening: "being opened", StateOpen: "open"}

// mismatch compares the config that a name has with the one asked for, if there is one.
func mismatch(name string, state State, has, asked *conn.Config) error {
	if asked == nil || has == nil || has.Equal(*asked) {
		return nil
	}
	return &MismatchError{name, state, has.Diff(*asked)}
}

// UnknownNameError says that a name has no config.
type UnknownNameError struct {
	Name    string
	Nearest string // the name that was probably meant; may be empty
}

// Error says what to do.
func (e *UnknownNameError) Error() string {
	s := fmt.Sprintf("unknown %s: ", called(e.Name))
	if e.Nearest != "" {
		s += fmt.Sprintf("did you mean %q? ", e.Nearest)
	}
	return s + "give its config to WithConfigs or Reload, or open it with Get"
}

// unknown is the error for a name without a config. m.mu is held.
func (m *Manager) unknown(name string) error {
	var known []string
	for other, e := range m.names {
		if e.cfg != nil || e.current != nil {
			known = append(known, other)
		}
	}
	slices.Sort(known)
	return &UnknownNameError{name, spell.Nearest(name, known)}
}

// PanicError is the cause of the failure when a driver panics, or ends the goroutine, while it opens or closes a
// connection.
type PanicError = conn.PanicError

// refusal is the error for a connection where package conn was not asked, or gave no answer.
func refusal(name string, cfg *conn.Config, err error) *conn.Error {
	e := &conn.Error{Name: name, Kind: conn.KindCanceled, Err: err}
	if cfg != nil {
		if (conn.Config{Dialect: cfg.Dialect}).Validate() == nil { // else it may be a whole connection string
			e.Dialect = cfg.Dialect
		}
	}
	if _, panicked := errors.AsType[*PanicError](err); panicked {
		e.Kind = conn.KindUnknown
	} else if _, overdue := errors.AsType[*overdueError](err); overdue {
		e.Kind = conn.KindTimeout
	}
	return e
}

// overdueError is the reason why something is not waited for any longer than the close timeout.
type overdueError struct{ timeout time.Duration }

func (m *Manager) overdue() error { return &overdueError{m.timeout} }

func (e *overdueError) Error() string {
	return fmt.Sprintf("not closed cleanly within %v: %v", e.timeout, context.DeadlineExceeded)
}

func (e *overdueError) Unwrap() error { return context.DeadlineExceeded }

// failure is the error of an opening as Stats tell it. That of one that was given up is of the kind canceled, which
// is for the one who gave it up: for others it is what kept it so long that counts.
func failure(err error, givenUp bool) error {
	e, ok := err.(*conn.Error)
	if !givenUp || !ok || e.Kind != conn.KindCanceled {
		return err
	}
	if kept := met(e.Err); kept.Kind != conn.KindUnknown {
		told := *e
		told.Kind, told.Hint = kept.Kind, kept.Hint
		return &told
	}
	return err
}

// met returns the first diagnosis in an error that is more than the end of a context.
func met(err error) (d conn.Diagnosis) {
	if d = conn.Diagnose(err); d.Kind != conn.KindUnknown && d.Kind != conn.KindCanceled {
		return d
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return met(inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if d = met(inner); d.Kind != conn.KindUnknown {
				return d
			}
		}
	}
	return conn.Diagnosis{}
}
