package observer

import (
	"fmt"
	"runtime/debug"
)

// PanicError is the Err of the [Error] event that a panicking listener causes.
type PanicError struct {
	Event string // the type of the event that the listener was called with
	Value any    // what it panicked with
	Stack []byte // where, as [debug.Stack] writes it
}

// Error says which listener panicked and with what.
func (e *PanicError) Error() string {
	return fmt.Sprintf("listener of %s panicked: %v", e.Event, e.Value)
}

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// call calls fn and turns a panic in it into an Error event on b.
func call[E Event](b *Bus, fn func(E), e E) {
	defer func() {
		if value := recover(); value != nil {
			report(b, e, value)
		}
	}()
	fn(e)
}

// report emits the panic of a listener that was called with e, unless e is such a report itself: a listener
// that panics on everything would be called for its own panics without end. It runs while the stack of the
// panic is still there.
func report(b *Bus, e Event, value any) {
	if cause, ok := e.(Error); ok && cause.Source == source {
		return
	}
	// As an Event, so that a program that emits nothing else links no code for this type alone.
	Emit(b, Event(Error{source, &PanicError{fmt.Sprintf("%T", e), value, debug.Stack()}}))
}
