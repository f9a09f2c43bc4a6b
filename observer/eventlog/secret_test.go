package eventlog_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

const planted = "pl4nted-s3cret"

// Types that hide their text, each in another way.
type (
	byString   string
	byText     struct{ Text string }
	byJSON     struct{ Text string }
	byFormat   struct{ Text string }
	byFormat2  struct{ Text string }
	byGoString struct{ Text string }
	byLogValue struct{ Text string }
	byLogGroup struct{ Text string }
	byPointer  struct{ Text string }
	byRedacted struct{ Text string }
)

func (byString) String() string              { return "hidden" }
func (byText) MarshalText() ([]byte, error)  { return []byte("hidden"), nil }
func (byJSON) MarshalJSON() ([]byte, error)  { return []byte(`{"text":"hidden"}`), nil }
func (byFormat) Format(s fmt.State, _ rune)  { fmt.Fprint(s, "hidden") }
func (byFormat2) Format(s fmt.State, _ rune) { fmt.Fprint(s, "hidden") }
func (byGoString) GoString() string          { return "hidden" }
func (byLogValue) LogValue() slog.Value      { return slog.StringValue("hidden") }
func (byLogGroup) LogValue() slog.Value      { return slog.GroupValue(slog.String("text", "hidden")) }
func (*byPointer) String() string            { return "hidden" }
func (byRedacted) Redacted() string          { return "hidden" }
func (b byRedacted) String() string          { return b.Text }

// inside returns v in every place of an event where a value can be.
func inside[T any](v T) map[string]any {
	type embedding struct{ Value T }
	return map[string]any{
		"itself":     v,
		"pointer":    &v,
		"list":       []T{v, v},
		"array":      [1]T{v},
		"any list":   []any{v},
		"map":        map[string]T{"key": v},
		"struct":     struct{ V T }{v},
		"unexported": struct{ V, v T }{v, v},
		"embedded": struct {
			embedding
			X int
		}{embedding{v}, 1},
		"deep":     struct{ A struct{ B *[]T } }{struct{ B *[]T }{&[]T{v}}},
		"pointers": map[int]*T{1: &v},
	}
}

func TestWhatATypeHidesIsNeverLogged(t *testing.T) {
	for name, places := range map[string]map[string]any{
		"String":   inside(byString(planted)),
		"Text":     inside(byText{planted}),
		"JSON":     inside(byJSON{planted}),
		"Format":   inside(byFormat{planted}),
		"GoString": inside(byGoString{planted}),
		"LogValue": inside(byLogValue{planted}),
		"LogGroup": inside(byLogGroup{planted}),
		"Pointer":  inside(byPointer{planted}),
		"Redacted": inside(byRedacted{planted}),
		"URL":      inside(url.URL{Scheme: "postgres", User: url.UserPassword("hidden", planted), Host: "h"}),
		"Secret":   inside(registry.NewSecret(planted)),
		"Config": inside(registry.Config{
			Dialect: "postgres", Password: registry.NewSecret(planted),
			TLS: &registry.TLS{Key: registry.NewSecret(planted)},
		}),
	} {
		for where, v := range places {
			text, fields := logged(t, named{Value: v, name: "test"})
			both := text + fmt.Sprint(fields)
			if strings.Contains(both, planted) {
				t.Errorf("%s, %s: shown in %s", name, where, both)
			}
			if !strings.Contains(both, "hidden") && !strings.Contains(both, "[redacted]") {
				t.Errorf("%s, %s: not logged at all: %s", name, where, both)
			}
		}
	}
}

// Without the search above finding this, it would prove nothing.
func TestAnOpenTextIsLogged(t *testing.T) {
	type open struct{ Text string }
	for where, v := range inside(open{planted}) {
		if text, _ := logged(t, named{Value: v, name: "test"}); !strings.Contains(text, planted) {
			t.Errorf("%s: not in %s", where, text)
		}
	}
}

type configured struct {
	Name   string
	Config registry.Config
}

func (configured) EventName() string { return "test:configured" }

func TestAConfigInAnEventShowsItsSecretsRedacted(t *testing.T) {
	text, _ := logged(t, configured{"app", registry.Config{
		Dialect: "postgres", User: "me", Password: registry.NewSecret(planted),
		TLS: &registry.TLS{Key: registry.NewSecret(planted)},
	}})
	if strings.Contains(text, planted) || strings.Count(text, "[redacted]") != 2 || !strings.Contains(text, "name=app") {
		t.Errorf("got %s", text)
	}
}

func TestAnEmbeddedTypeThatCannotBeAskedIsLeftOut(t *testing.T) {
	type ambiguous struct { // has no Format, because it has two
		byFormat
		byFormat2
		byNothing
		Name string
	}
	text, _ := logged(t, named{name: "test", Value: ambiguous{byFormat{planted}, byFormat2{planted}, planted, "app"}})
	if text != "value.name=app" {
		t.Errorf("got %s", text)
	}
	type span = time.Duration
	text, _ = logged(t, named{name: "test", Value: struct { // has no String, because it has two
		span
		byString
		Name string
	}{time.Second, planted, "app"}})
	if text != "value.name=app" {
		t.Errorf("got %s", text)
	}
}

type byNothing string
