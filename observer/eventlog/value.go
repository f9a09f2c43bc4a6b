package eventlog

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/patchbay-go/patchbay/observer"
)

// maxDepth is how many pointers, lists and maps are followed, because a value can contain itself.
const maxDepth = 6

// eventAttrs returns the attributes of an event: its fields, or one named "event" if it is not shown as a struct.
func eventAttrs(e observer.Event) []slog.Attr {
	switch x := nonZero(reflect.ValueOf(e), 0).(type) {
	case nil:
		return nil
	case []slog.Attr:
		return x
	default:
		return []slog.Attr{slog.Any("event", x)}
	}
}

// nonZero is show for the places where a zero value is left out. One in an interface is shown if its type has a form
// of its own: context.DeadlineExceeded is a zero value.
func nonZero(v reflect.Value, depth int) any {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
		if v.IsValid() && hasForm(v.Type()) {
			return show(v, depth)
		}
	}
	if !v.IsValid() || v.IsZero() {
		return nil
	}
	return show(v, depth)
}

// show returns what to log for v: a number, string, bool, time or duration, a list of those, the attributes of a
// group, or nil if v is nil or cannot be shown.
func show(v reflect.Value, depth int) any {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	if depth > maxDepth {
		return "..."
	}
	switch {
	case v.CanInterface():
		switch v.Type() {
		case reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Time](), reflect.TypeFor[[]slog.Attr]():
			return v.Interface()
		}
		if form := ownForm(pointerTo(v)); form != nil {
			return nonZero(reflect.ValueOf(form()), depth+1)
		}
	case hasForm(v.Type()), v.Kind() != reflect.Pointer && v.Kind() != reflect.Struct:
		return nil // an unexported type that is embedded: its methods cannot be called
	}
	switch v.Kind() {
	case reflect.Pointer:
		return nonZero(v.Elem(), depth+1)
	case reflect.Struct:
		return fields(v, depth)
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		return list(v, depth+1)
	case reflect.Map:
		return entries(v, depth+1)
	}
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return v.Float()
	case v.CanComplex():
		return fmt.Sprint(v.Complex()) // encoding/json has no complex numbers
	}
	return nil // a func, a chan, an unsafe.Pointer
}

// ownForm returns a function for the form in which the type of x shows it, or nil if the type has no method for that.
// The inside of a type that has one may be what the type hides, so it is never looked into.
func ownForm(x any) func() any {
	switch x := x.(type) {
	case slog.LogValuer:
		return func() any { return slog.AnyValue(x).Resolve().Any() }
	case interface{ Redacted() string }: // a *url.URL, for example, of which String shows the password
		return func() any { return x.Redacted() }
	case fmt.Formatter, error, fmt.Stringer:
		return func() any { return fmt.Sprint(x) }
	case encoding.TextMarshaler:
		return func() any {
			text, err := x.MarshalText()
			if err != nil {
				return err.Error()
			}
			return string(text)
		}
	case json.Marshaler:
		return func() any {
			text, err := x.MarshalJSON()
			if err != nil {
				return err.Error()
			}
			var v any
			if err := json.Unmarshal(text, &v); err != nil {
				return err.Error()
			}
			return v
		}
	case fmt.GoStringer:
		return func() any { return x.GoString() }
	}
	return nil
}

// pointerTo returns v if it is a pointer, or else a pointer to it, which has the methods of both. It copies v only if v
// has no address: a copy reads all fields, and unexported ones may be changed by another goroutine meanwhile.
func pointerTo(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Pointer:
		return v.Interface()
	case v.CanAddr():
		return v.Addr().Interface()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface()
}

// hasForm reports whether ownForm has a function for values of type t or pointers to them.
func hasForm(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return ownForm(reflect.New(t).Interface()) != nil
}

// fields returns the exported fields of a struct. Like encoding/json it treats the fields of an embedded struct as
// fields of the outer one, even if the type of the embedded struct is unexported.
func fields(v reflect.Value, depth int) []slog.Attr {
	var attrs []slog.Attr
	for f, v := range v.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		x := nonZero(v, depth)
		if group, ok := x.([]slog.Attr); ok && f.Anonymous && tag == "" {
			attrs = append(attrs, group...)
		} else if x != nil {
			attrs = append(attrs, slog.Any(cmp.Or(tag, lowerFirst(f.Name)), x))
		}
	}
	return attrs
}

// lowerFirst puts the first word of a name into lower case: name, serverName, tls, urlPath.
func lowerFirst(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		wordBegins := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if !unicode.IsUpper(r) || wordBegins {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

func list(v reflect.Value, depth int) any {
	if v.Len() == 0 {
		return nil
	}
	if v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[byte]() {
		return v.Bytes()
	}
	items := make([]any, v.Len())
	for i := range items {
		switch x := show(v.Index(i), depth).(type) {
		case []slog.Attr: // handlers know groups and durations as attributes only
			items[i] = slog.GroupValue(x...).String()
		case time.Duration:
			items[i] = x.String()
		default:
			items[i] = x
		}
	}
	return items
}

func entries(v reflect.Value, depth int) []slog.Attr {
	var attrs []slog.Attr
	for key, value := range v.Seq2() {
		attrs = append(attrs, slog.Any(fmt.Sprint(show(key, depth)), show(value, depth)))
	}
	slices.SortFunc(attrs, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return attrs
}
