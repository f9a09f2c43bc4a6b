package drivertest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
	"github.com/patchbay-go/patchbay/registry"
)

// leaks searches what a program may print for secrets.
type leaks struct {
	searched atomic.Int64
	mu       sync.Mutex
	secrets  []string
}

// secret returns a new one, full of characters that have a meaning in URLs, SQL and shells, that every later
// error and event is searched for.
func (c check) secret() registry.Secret {
	core := unique()
	c.leaks.add(core)
	return registry.NewSecret(`p:@/?#%;&'"\ ` + core)
}

func (l *leaks) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = append(l.secrets, text)
}

// watchConfig has the target's own password searched for, where finding it means something.
func (s *suite) watchConfig(t *testing.T) {
	t.Helper()
	password := s.Config.Password.Reveal()
	open := s.Config.Clone()
	open.Password = registry.Secret{}
	switch {
	case password == "":
	case len(password) < 8 || strings.Contains(fmt.Sprint(open), password):
		t.Log("the password of Target.Config is too short, or is a word that shows elsewhere in it: errors and events are not searched for it")
	default:
		s.leaks.add(password)
	}
}

// see fails the subtest if v, an error, an event or a config, shows a secret.
func (c check) see(v any) {
	c.Helper()
	if v == nil {
		return
	}
	if where := c.leaks.find(v); where != nil {
		c.Errorf("a secret shows in a %T, printed by %s", v, strings.Join(where, ", "))
	}
}

// find returns the ways of printing v that show a secret.
func (l *leaks) find(v any) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var forms []string
	for _, secret := range l.secrets {
		forms = append(forms, encoded(secret)...)
	}
	texts := printed(v)
	l.searched.Add(int64(len(texts)))
	maps.DeleteFunc(texts, func(_, text string) bool {
		return !slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) })
	})
	return slices.Sorted(maps.Keys(texts))
}

// printed returns what the usual ways of printing make of v.
func printed(v any) map[string]string {
	texts := make(map[string]string)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts[format] = fmt.Sprintf(format, v)
	}
	text, err := json.Marshal(v)
	texts["JSON"] = fmt.Sprint(string(text), err)
	var log bytes.Buffer
	handler := slog.NewJSONHandler(&log, nil)
	if e, ok := v.(observer.Event); ok {
		eventlog.Listener(slog.New(handler))(e)
	} else {
		slog.New(handler).Info("", "value", v)
	}
	texts["slog"] = log.String()
	if err, ok := v.(error); ok {
		texts["the errors inside"] = chain(err)
	}
	return texts
}

// chain returns the texts of err and of all that it wraps.
func chain(err error) string {
	text := err.Error()
	if inner := errors.Unwrap(err); inner != nil {
		text += "\n" + chain(inner)
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range several.Unwrap() {
			text += "\n" + chain(inner)
		}
	}
	return text
}

// encoded returns the forms in which a text can show.
func encoded(text string) []string {
	return []string{
		text,
		url.PathEscape(text),
		url.QueryEscape(text),
		hex.EncodeToString([]byte(text)),
		base64.StdEncoding.EncodeToString([]byte(text)),
		strings.Trim(fmt.Sprint([]byte(text)), "[]"), // %v of bytes
		strings.Trim(fmt.Sprintf("%#v", []byte(text)), "[]byte{}"),
	}
}
