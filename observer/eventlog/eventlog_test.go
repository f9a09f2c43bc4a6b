package eventlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
)

// named is an event with any name and value.
type named struct {
	Value any
	name  string
}

func (n named) EventName() string { return n.name }

// logged returns what an event looks like as text, without time, level and name, and as JSON.
func logged(t *testing.T, e observer.Event) (text string, fields map[string]any) {
	t.Helper()
	drop := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{}
		}
		return a
	}}
	bus := observer.New()
	var asText, asJSON bytes.Buffer
	eventlog.Attach(bus, slog.New(slog.NewTextHandler(&asText, drop)))
	eventlog.Attach(bus, slog.New(slog.NewJSONHandler(&asJSON, drop)))
	observer.Emit(bus, e)
	if err := json.Unmarshal(asJSON.Bytes(), &fields); err != nil {
		t.Errorf("not JSON: %v: %s", err, asJSON.Bytes())
	}
	return strings.TrimSuffix(asText.String(), "\n"), fields
}

func TestTheLevelFollowsTheLastWord(t *testing.T) {
	for name, want := range map[string]slog.Level{
		"error":            slog.LevelError,
		"connection:error": slog.LevelError,
		"connection:retry": slog.LevelWarn,
		"observer:drop":    slog.LevelWarn,
		"pool:evict":       slog.LevelInfo,
		"connection:open":  slog.LevelInfo,
		"error:resolved":   slog.LevelInfo,
		"terror":           slog.LevelInfo,
		"":                 slog.LevelInfo,
	} {
		r := new(recorder)
		eventlog.Listener(slog.New(r))(named{name: name})
		if len(r.records) != 1 || r.records[0].Level != want {
			t.Errorf("%q: logged %v, want one record at level %v", name, r.records, want)
		}
	}
}

type (
	attempt  struct{ Err error }
	pointed  struct{ Err *observer.PanicError }
	outer    struct{ *attempt }
	lookLike struct{ Err string }
)

func (attempt) EventName() string  { return "backup:done" }
func (pointed) EventName() string  { return "backup:done" }
func (outer) EventName() string    { return "backup:done" }
func (lookLike) EventName() string { return "backup:done" }

// A pool that could not be filled was logged as "INFO connection:warm": case F11.
func TestAnEventWithAnErrorIsAWarningWhateverItsName(t *testing.T) {
	failed := errors.New("connection refused")
	for _, c := range []struct {
		event observer.Event
		want  slog.Level
	}{
		{conn.Warmed{Name: "a", Err: failed}, slog.LevelWarn},
		{conn.Warmed{Name: "a"}, slog.LevelInfo},
		{conn.Failed{Name: "a", Err: failed}, slog.LevelError},
		{attempt{failed}, slog.LevelWarn},
		{&attempt{failed}, slog.LevelWarn},
		{attempt{context.DeadlineExceeded}, slog.LevelWarn}, // a zero value of its type
		{attempt{}, slog.LevelInfo},
		{attempt{(*observer.PanicError)(nil)}, slog.LevelInfo},
		{pointed{&observer.PanicError{}}, slog.LevelWarn},
		{pointed{}, slog.LevelInfo},
		{outer{&attempt{failed}}, slog.LevelWarn},
		{&outer{}, slog.LevelInfo},
		{lookLike{"none"}, slog.LevelInfo},
		{named{failed, "backup:done"}, slog.LevelInfo}, // it may be what was expected
	} {
		r := new(recorder)
		eventlog.Listener(slog.New(r))(c.event)
		if len(r.records) != 1 || r.records[0].Level != c.want {
			t.Errorf("%#v: logged %v, want one record at level %v", c.event, r.records, c.want)
		}
	}
}

// recorder is a handler that keeps what it is given.
type recorder struct {
	least   slog.Level
	records []slog.Record
}

func (r *recorder) Enabled(_ context.Context, l slog.Level) bool { return l >= r.least }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler           { return r }
func (r *recorder) WithGroup(string) slog.Handler                { return r }
func (r *recorder) Handle(_ context.Context, rec slog.Record) error {
	r.records = append(r.records, rec)
	return nil
}

func TestEventsAreLoggedUnderTheirNameUntilCanceled(t *testing.T) {
	bus, r := observer.New(), new(recorder)
	cancel := eventlog.Attach(bus, slog.New(r))
	observer.Emit(bus, named{name: "connection:open"})
	observer.Emit(bus, named{name: "connection:error"})
	cancel()
	observer.Emit(bus, named{name: "connection:close"})

	if len(r.records) != 2 {
		t.Fatalf("%d records, want 2", len(r.records))
	}
	for i, want := range []slog.Record{
		{Message: "connection:open", Level: slog.LevelInfo}, {Message: "connection:error", Level: slog.LevelError},
	} {
		if got := r.records[i]; got.Message != want.Message || got.Level != want.Level || got.Time.IsZero() {
			t.Errorf("record %d: %v %q at %v, want %v %q", i, got.Level, got.Message, got.Time, want.Level, want.Message)
		}
	}
}

type untouchable struct{ t *testing.T }

func (u untouchable) String() string { u.t.Error("looked at for a level that is off"); return "" }

func TestALevelThatIsOffCostsNothing(t *testing.T) {
	bus, r := observer.New(), &recorder{least: slog.LevelWarn}
	eventlog.Attach(bus, slog.New(r))
	observer.Emit(bus, named{name: "connection:open", Value: untouchable{t}})
	observer.Emit(bus, named{name: "connection:retry"})
	if len(r.records) != 1 || r.records[0].Message != "connection:retry" {
		t.Errorf("logged %v, want connection:retry only", r.records)
	}
}

func TestANilLoggerIsTheDefaultAtTheTime(t *testing.T) {
	bus, r := observer.New(), new(recorder)
	eventlog.Attach(bus, nil)
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(r))
	observer.Emit(bus, named{name: "connection:open"})
	if len(r.records) != 1 {
		t.Errorf("%d records in the default logger, want 1", len(r.records))
	}
}

func explode() { panic("boom") }

func TestTheReportOfAPanicHasItsStack(t *testing.T) {
	bus, r := observer.New(), new(recorder)
	eventlog.Attach(bus, slog.New(r))
	observer.On(bus, func(named) { explode() })
	observer.Emit(bus, named{name: "connection:open"})
	if len(r.records) != 2 {
		t.Fatalf("%d records, want the event and the report", len(r.records))
	}
	attrs := make(map[string]string)
	for a := range r.records[1].Attrs {
		attrs[a.Key] = a.Value.String()
	}
	if attrs["source"] != "observer" || attrs["err"] != "listener of eventlog_test.named panicked: boom" ||
		!strings.Contains(attrs["stack"], "explode") {
		t.Errorf("got %q", attrs)
	}
}

func TestAQueueLogsInTheBackground(t *testing.T) {
	bus, r := observer.New(), new(recorder)
	q := observer.NewQueue(10, eventlog.Listener(slog.New(r)))
	observer.On(bus, q.Put)
	observer.Emit(bus, named{name: "connection:open"})
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if len(r.records) != 1 {
		t.Errorf("%d records, want 1", len(r.records))
	}
}
