package observer

import (
	"fmt"
	"runtime/debug"
)

// source is the Source of the errors that this package emits.
const source = "observer"

// PanicError is the Err of the [Error] event that is emitted when a listener panics.
type PanicError struct {
	Event string // the type of the event that the listener was called with
	Value any    // the value of the panic
	Stack []byte // the stack of the panic, as [debug.Stack] formats it
}

// Error names the type of the event and the value of the panic.
func (e *PanicError) Error() string {
	return fmt.Sprintf("listener of %s panicked: %v", e.Event, e.Value)
}

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// report is deferred by a call of a listener with e. It recovers a panic and emits it, unless e is such a report
// itself: a listener that panics on everything would be called for its own panics without end.
func report(b *Bus, e Event) {
	value := recover()
	if value == nil {
		return
	}
	if cause, ok := e.(Error); ok && cause.Source == source {
		return
	}
	Emit(b, Error{source, &PanicError{fmt.Sprintf("%T", e), value, debug.Stack()}})
}
