// Package eventlog writes the events of an [observer.Bus] to a [slog.Logger]. A program that wants its
// connections in its log calls [Attach] once; it is a package of its own so that other programs do not link
// log/slog. It never shows what a type hides: a value that can print or encode itself is shown as it does
// that, and only plain ones are taken apart.
package eventlog

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/patchbay-go/patchbay/observer"
)

// Attach logs every event on b until it is canceled, as [To] describes.
func Attach(b *observer.Bus, l *slog.Logger) (cancel func()) { return observer.On(b, To(l)) }

// To returns a listener that logs the events it gets, for a part of them or in the background:
//
//	observer.OnMatch(bus, observer.Glob("pool:*"), eventlog.To(logger))
//	observer.NewQueue(1000, eventlog.To(logger))
//
// The message is the name of the event, the level what [Level] says, and the attributes are its exported
// fields. The key is the name in the field's json tag, or else the field's name with a small first word; json:"-"
// leaves the field out, and so does a zero or empty value. Durations, times, numbers and strings keep their type,
// structs and maps become groups, errors their text. A value, or an event, with one of the methods LogValue,
// Redacted, Format, Error, String, MarshalText, MarshalJSON and GoString is shown as the first of them says; an
// event that this makes a single text has the key "event". The report of a panic has the stack with it.
//
// Nothing is computed for a level that l does not log. A nil l is [slog.Default] at the time of the event.
func To(l *slog.Logger) func(observer.Event) {
	return func(e observer.Event) {
		l := l
		if l == nil {
			l = slog.Default()
		}
		name, ctx := e.EventName(), context.Background()
		level := Level(name)
		if !l.Enabled(ctx, level) {
			return
		}
		attrs := eventAttrs(e)
		if e, ok := e.(observer.Error); ok {
			if p, ok := errors.AsType[*observer.PanicError](e.Err); ok {
				attrs = append(attrs, slog.String("stack", string(p.Stack)))
			}
		}
		l.LogAttrs(ctx, level, name, attrs...)
	}
}

// levels has the verbs that are not Info. An eviction is: it is how a limit on open pools works.
var levels = map[string]slog.Level{
	"error": slog.LevelError, // what was asked for did not happen
	"retry": slog.LevelWarn,  // it may yet
	"drop":  slog.LevelWarn,  // it happened, unseen
}

// Level returns the level at which events of a name are logged. It depends on the last word of the name:
// Error for "error", as in "error" and "connection:error", Warn for "retry" and "drop", Info for others.
func Level(name string) slog.Level {
	return levels[name[strings.LastIndexByte(name, ':')+1:]] // the zero value is Info
}
