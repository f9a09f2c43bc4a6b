package tsql

import (
	"database/sql/driver"
	"sync/atomic"

	"modernc.org/sqlite"
)

var signal atomic.Pointer[func()]

// OnSignal makes the function signal() of SQL, which gives 0, call f: the statement in which it is runs at that time.
func OnSignal(f func()) { signal.Store(&f) }

func init() {
	functions["signal"] = function{0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		(*signal.Load())()
		return int64(0), nil
	}}
}
