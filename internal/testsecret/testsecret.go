// Package testsecret searches values for a secret that must not be in them: in all that can be printed of them,
// and in all that they hold, exported or not. Tests ask it about errors, events, logs and output. It changes nothing.
package testsecret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
)

// Find returns where the secret is in v: what [Shown] returns, or else the path of the field that holds it; ""
// if it is nowhere. What a function holds cannot be seen.
func Find(v any, secret string) string {
	if how := Shown(v, secret); how != "" || secret == "" {
		return how
	}
	return held(v, secret)
}

// Shown returns a way of printing v that shows the secret: a format, "JSON" or "log"; "" if none does.
func Shown(v any, secret string) string {
	if secret == "" {
		return ""
	}
	return shown(v, secret)
}

func shown(v any, secrets ...string) string {
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if isIn(fmt.Sprintf(format, v), secrets) {
			return format
		}
	}
	if text, err := json.Marshal(v); isIn(fmt.Sprint(string(text), err), secrets) {
		return "JSON"
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		if e, ok := v.(observer.Event); ok {
			eventlog.Listener(slog.New(handler))(e)
		} else {
			slog.New(handler).Info("", "value", v)
		}
	}
	if isIn(log.String(), secrets) {
		return "log"
	}
	return ""
}

func held(v any, secrets ...string) string {
	if v == nil {
		return ""
	}
	s := search{secrets, make(map[visit]bool)}
	return s.in(reflect.ValueOf(v), fmt.Sprintf("%T", v))
}

func isIn(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(text, secret) })
}

type search struct {
	secrets []string
	seen    map[visit]bool
}

type visit struct {
	address uintptr
	of      reflect.Type
}

func (s *search) in(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.String:
		if isIn(v.String(), s.secrets) {
			return path
		}
	case reflect.Pointer:
		if v.IsNil() || s.seen[visit{v.Pointer(), v.Type()}] {
			return ""
		}
		s.seen[visit{v.Pointer(), v.Type()}] = true
		return s.in(v.Elem(), path)
	case reflect.Interface:
		if !v.IsNil() {
			return s.in(v.Elem(), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if found := s.in(v.Field(i), path+"."+v.Type().Field(i).Name); found != "" {
				return found
			}
		}
	case reflect.Slice, reflect.Array:
		return s.inList(v, path)
	case reflect.Map:
		for i := v.MapRange(); i.Next(); {
			for _, part := range []reflect.Value{i.Key(), i.Value()} {
				if found := s.in(part, path+"[]"); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

func (s *search) inList(v reflect.Value, path string) string {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		text := make([]byte, v.Len())
		for i := range text {
			text[i] = byte(v.Index(i).Uint())
		}
		if isIn(string(text), s.secrets) {
			return path
		}
		return ""
	}
	for i := range v.Len() {
		if found := s.in(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); found != "" {
			return found
		}
	}
	return ""
}
