package mysql

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// panicError is a panic that was recovered. Its stack is what package conn has of one, too.
type panicError struct {
	cause  error // what it tells of the server; may be nil
	reason any   // nil: runtime.Goexit
	stack  []byte
}

func newPanicError(cause error, reason any) *panicError {
	return &panicError{cause, reason, debug.Stack()}
}

func (e *panicError) Error() string {
	s := fmt.Sprintf("panic: %v", e.reason)
	if e.cause != nil {
		s = e.cause.Error() + ": " + s
	}
	return s
}

func (e *panicError) Unwrap() error { return e.cause }

// Stack returns where it was, as [debug.Stack] writes it.
func (e *panicError) Stack() []byte { return e.stack }

// isDrivers reports, in a deferred function, whether a panic comes from the driver and not from what the driver calls:
// a socket of ours, or below that the dialer's.
func isDrivers() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for panicking := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case !panicking:
		case strings.HasPrefix(frame.Function, "github.com/go-sql-driver/mysql."):
			return true
		case strings.HasPrefix(frame.Function, "github.com/patchbay-go/patchbay/"):
			return false
		}
		if !more {
			return false
		}
	}
}
