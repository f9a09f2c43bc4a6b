package mysql

import (
	"errors"
	"fmt"
	"sync"

	"github.com/go-sql-driver/mysql"
)

// log keeps what the driver tells its logger only: why a connection is "invalid". Afterwards it is the one that
// keeps the driver from writing to standard error.
type log struct {
	mu    sync.Mutex
	cause error
}

// Print gets the error among strings that say where it happened. The first is the cause of the others.
func (l *log) Print(values ...any) {
	l.mu.Lock()
	for _, v := range values {
		if err, ok := v.(error); ok && l.cause == nil {
			l.cause = err
		}
	}
	l.mu.Unlock()
}

// explain adds the cause to an error that has none.
func (l *log) explain(err error) error {
	l.mu.Lock()
	cause := l.cause
	l.mu.Unlock()
	if cause != nil && (errors.Is(err, mysql.ErrInvalidConn) || err.Error() == badConnection) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// badConnection is what an error says that the driver does not export, for a connection that failed before
// anything was written to it.
const badConnection = "bad connection"
