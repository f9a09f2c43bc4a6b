// Package eventlog writes the events of an [observer.Bus] to a [slog.Logger]. A program that wants its
// connections in its log calls [Attach] once; programs that do not import this package do not link log/slog for it.
// It never shows what a type hides: a value with a method to print or encode itself is shown in that form, and only
// a value without one is taken apart.
package eventlog

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"

	"github.com/patchbay-go/patchbay/observer"
)

// Attach logs every event on b until cancel is called, as [Listener] describes.
func Attach(b *observer.Bus, l *slog.Logger) (cancel func()) { return observer.On(b, Listener(l)) }

// Listener returns a function that logs the events it is called with, to log some of the events of a bus or to log
// in the background:
//
//	observer.OnMatch(bus, observer.Glob("pool:*"), eventlog.Listener(logger))
//	observer.NewQueue(1000, eventlog.Listener(logger))
//
// The message is the name of the event, and the level depends on the last word of the name: Error for "error", as in
// "connection:error", Warn for "retry" and "drop" and for what operators are to see, troubles and their ends ("lost",
// "restore", "down", "up", "starve", "recover", "hold"), Debug for "dial", Info for others. An event whose field Err holds an error is logged
// at Warn at least, whatever its name is.
//
// The attributes are the exported fields of the event. The key is the name in the field's json tag, or else the
// field's name with its first word in lower case; a field with json:"-" is left out, and so is a zero or empty value.
// Durations, times, numbers and strings keep their type, structs and maps become groups, errors become their text. A
// value, or an event, with one of the methods LogValue, Redacted, Format, Error, String, MarshalText, MarshalJSON and
// GoString is shown as the first of them returns it; an event for which that is a single value has the key "event".
// The report of a panic has the additional attribute "stack".
//
// Nothing is computed for a level that l does not log. A nil l means [slog.Default] at the time of the event. The
// function may be called concurrently.
func Listener(l *slog.Logger) func(observer.Event) {
	return func(e observer.Event) {
		logger := cmp.Or(l, slog.Default())
		name, ctx := e.EventName(), context.Background()
		level := levelOf(name)
		if level < slog.LevelWarn && hasErr(reflect.ValueOf(e)) {
			level = slog.LevelWarn
		}
		if !logger.Enabled(ctx, level) {
			return
		}
		attrs := eventAttrs(e)
		if e, ok := e.(observer.Error); ok {
			if p, ok := errors.AsType[*observer.PanicError](e.Err); ok {
				attrs = append(attrs, slog.String("stack", string(p.Stack)))
			}
		}
		logger.LogAttrs(ctx, level, name, attrs...)
	}
}

func levelOf(name string) slog.Level {
	switch name[strings.LastIndexByte(name, ':')+1:] {
	case "error": // what was asked for did not happen
		return slog.LevelError
	case "retry", "drop": // it may still happen; events were lost
		return slog.LevelWarn
	case "lost", "restore", "down", "up", "starve", "recover", "hold": // the end of a trouble belongs to its begin
		return slog.LevelWarn
	case "dial": // one for every physical connection
		return slog.LevelDebug
	}
	return slog.LevelInfo // "evict" too: it is how a limit on open pools works
}

// hasErr reports whether an event has a field Err, perhaps one of a struct that it embeds, that holds an error.
func hasErr(e reflect.Value) bool {
	e = reflect.Indirect(e)
	if e.Kind() != reflect.Struct {
		return false
	}
	f, ok := e.Type().FieldByName("Err")
	if !ok || !f.Type.Implements(reflect.TypeFor[error]()) {
		return false
	}
	err, nilEmbedded := e.FieldByIndexErr(f.Index)
	if nilEmbedded != nil {
		return false
	}
	if err.Kind() == reflect.Interface {
		// The zero value of a type such as that of context.DeadlineExceeded is an error, a nil pointer is none.
		err = err.Elem()
		return err.IsValid() && (err.Kind() != reflect.Pointer || !err.IsNil())
	}
	return !err.IsZero()
}
