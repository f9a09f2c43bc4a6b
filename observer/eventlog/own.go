package eventlog

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// A way is a method by which a type shows itself. What such a type has inside may be what it hides, so it is
// never looked into.
type way struct {
	method reflect.Type
	show   func(x any) any
}

// ways are tried in this order. The first says how to log a value, the next how to print it, the last how to
// encode it.
var ways = []way{
	wayOf(func(x slog.LogValuer) any {
		v := slog.AnyValue(x).Resolve()
		if v.Kind() == slog.KindGroup {
			return v.Group()
		}
		return v.Any()
	}),
	wayOf(func(x redacter) any { return x.Redacted() }),
	wayOf(func(x fmt.Formatter) any { return fmt.Sprint(x) }),
	wayOf(func(x error) any { return fmt.Sprint(x) }),
	wayOf(func(x fmt.Stringer) any { return fmt.Sprint(x) }),
	wayOf(func(x encoding.TextMarshaler) any {
		text, err := x.MarshalText()
		if err != nil {
			return err.Error()
		}
		return string(text)
	}),
	wayOf(func(x json.Marshaler) any {
		text, err := x.MarshalJSON()
		var v any
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil {
			return err.Error()
		}
		return v
	}),
	wayOf(func(x fmt.GoStringer) any { return x.GoString() }),
}

// A redacter, such as a [*url.URL], is one whose String shows the password.
type redacter interface{ Redacted() string }

func wayOf[T any](show func(T) any) way {
	return way{reflect.TypeFor[T](), func(x any) any { return show(x.(T)) }}
}

// own returns what v shows of itself, if it has a way to do that.
func own(v reflect.Value, depth int) (x any, ok bool) {
	switch v.Type() {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Time]():
		return v.Interface(), true
	}
	w, byPointer := wayFor(v)
	switch {
	case w == nil:
		return nil, false
	case !v.CanInterface(): // embedded, and unexported: it cannot be asked
		return nil, true
	case v.Kind() == reflect.Pointer && v.IsNil(): // in a list
		return nil, true
	case byPointer:
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p
	}
	x = w.show(v.Interface())
	if group, ok := x.([]slog.Attr); ok {
		return group, true
	}
	return value(reflect.ValueOf(x), depth+1), true
}

// wayFor returns the first way that the type of v has, or that a pointer to it has.
func wayFor(v reflect.Value) (w *way, byPointer bool) {
	if !v.IsValid() {
		return nil, false
	}
	t := v.Type()
	for i := range ways {
		if t.Implements(ways[i].method) {
			return &ways[i], false
		}
	}
	if t.Kind() == reflect.Pointer {
		return nil, false
	}
	for i := range ways {
		if reflect.PointerTo(t).Implements(ways[i].method) {
			return &ways[i], true
		}
	}
	return nil, false
}
