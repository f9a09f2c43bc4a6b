package eventlog_test

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
)

// Backup is an event of a program's own.
type Backup struct {
	File  string
	Bytes int64
	Took  time.Duration
	Err   error
}

func (Backup) EventName() string { return "backup:done" }

// plain returns a logger that prints no time.
func plain() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func ExampleAttach() {
	bus := observer.New()
	defer eventlog.Attach(bus, plain())()
	observer.Emit(bus, Backup{File: "monday.sql", Bytes: 4096, Took: 3 * time.Second})
	observer.Emit(bus, observer.Error{Source: "backup", Err: errors.New("disk full")})
	// Output:
	// level=INFO msg=backup:done file=monday.sql bytes=4096 took=3s
	// level=ERROR msg=error source=backup err="disk full"
}

func ExampleListener() {
	bus := observer.New()
	observer.OnMatch(bus, observer.Glob("backup:*"), eventlog.Listener(plain()))
	observer.Emit(bus, Backup{File: "monday.sql"})
	observer.Emit(bus, observer.Error{Source: "not matched"})
	// Output: level=INFO msg=backup:done file=monday.sql
}
