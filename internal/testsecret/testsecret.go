// Package testsecret searches values for a secret that must not be in them: in all that can be printed of them,
// and in all that they hold, exported or not. Tests of drivers ask it about every error. It changes nothing.
package testsecret

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Find returns where the secret is in v: what [Shown] returns, or else the path of the field that holds it; ""
// if it is nowhere. What a function holds cannot be seen.
func Find(v any, secret string) string {
	if how := Shown(v, secret); how != "" || secret == "" || v == nil {
		return how
	}
	s := search{secret, make(map[visit]bool)}
	return s.in(reflect.ValueOf(v), fmt.Sprintf("%T", v))
}

// Shown returns a way of printing v that shows the secret: a format, or "JSON"; "" if none does.
func Shown(v any, secret string) string {
	if secret == "" {
		return ""
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if strings.Contains(fmt.Sprintf(format, v), secret) {
			return format
		}
	}
	if text, err := json.Marshal(v); strings.Contains(fmt.Sprint(string(text), err), secret) {
		return "JSON"
	}
	return ""
}

type search struct {
	secret string
	seen   map[visit]bool
}

type visit struct {
	address uintptr
	of      reflect.Type
}

func (s *search) in(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.String:
		if strings.Contains(v.String(), s.secret) {
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
		if strings.Contains(string(text), s.secret) {
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
