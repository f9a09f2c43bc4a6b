package eventlog

import (
	"cmp"
	"log/slog"
	"reflect"
	"strings"
	"unicode"

	"github.com/patchbay-go/patchbay/observer"
)

func eventAttrs(e observer.Event) []slog.Attr {
	switch v := value(reflect.ValueOf(e), 0).(type) {
	case nil:
		return nil
	case []slog.Attr:
		return v
	default:
		return []slog.Attr{slog.Any("event", v)}
	}
}

// fields returns the exported fields of a struct. Like encoding/json it takes those of an embedded struct as
// its own, even if the type of that is unexported.
func fields(v reflect.Value, depth int) []slog.Attr {
	var attrs []slog.Attr
	for f, v := range v.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		v := value(v, depth)
		if group, ok := v.([]slog.Attr); ok && f.Anonymous && tag == "" {
			attrs = append(attrs, group...)
		} else if v != nil {
			attrs = append(attrs, slog.Any(cmp.Or(tag, lowerFirst(f.Name)), v))
		}
	}
	return attrs
}

// lowerFirst makes the first word of a name small: name, serverName, tls, urlPath.
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
