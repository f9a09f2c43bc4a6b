package eventlog

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"
)

// maxDepth is how many pointers, lists and maps are followed, because one may lead back to where it came from.
const maxDepth = 6

// value returns what to log for v: a number, string, bool, time or duration, a list of those, the attributes of
// a group, or nil if v is empty or cannot be shown.
func value(v reflect.Value, depth int) any {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
		if w, _ := wayFor(v); w != nil {
			return shown(v, depth) // zero values too: context.DeadlineExceeded is one
		}
	}
	if !v.IsValid() || v.IsZero() {
		return nil
	}
	return shown(v, depth)
}

// shown is value for what is shown even if it is zero, such as an item of a list.
func shown(v reflect.Value, depth int) any {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil
	}
	if depth > maxDepth {
		return "..."
	}
	if x, ok := own(v, depth); ok {
		return x
	}
	switch v.Kind() {
	case reflect.Pointer:
		return value(v.Elem(), depth+1)
	case reflect.Struct:
		return fields(v, depth)
	}
	if !v.CanInterface() {
		return nil // an embedded type that is unexported and no struct
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.Complex64, reflect.Complex128:
		return fmt.Sprint(v.Complex())
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		return list(v, depth+1)
	case reflect.Map:
		return entries(v, depth+1)
	}
	return nil // a func, a chan, an unsafe.Pointer
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
		switch x := shown(v.Index(i), depth).(type) {
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
		attrs = append(attrs, slog.Any(fmt.Sprint(shown(key, depth)), shown(value, depth)))
	}
	slices.SortFunc(attrs, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return attrs
}
