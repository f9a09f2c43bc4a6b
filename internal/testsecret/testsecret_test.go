package testsecret_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/registry"
)

type config struct{ password string }

type failed struct {
	config *config
	cause  error
}

func (f *failed) Error() string { return "failed" }

func (f *failed) Unwrap() error { return f.cause }

func TestFindsWhatIsPlanted(t *testing.T) {
	const secret = "s3cret word"
	loop := &failed{}
	loop.cause = loop
	for name, v := range map[string]any{
		"text":              "password: " + secret,
		"quoted":            fmt.Errorf("user %q", secret),
		"hidden field":      &failed{config: &config{secret}},
		"under an error":    fmt.Errorf("open: %w", &failed{config: &config{secret}}),
		"one of several":    errors.Join(errors.New("x"), &failed{config: &config{secret}}),
		"bytes":             struct{ key []byte }{[]byte(secret)},
		"array":             &[20]byte{0, 's', '3', 'c', 'r', 'e', 't', ' ', 'w', 'o', 'r', 'd'},
		"map":               map[string]any{"x": &config{secret}},
		"list of pointers":  []*config{{"x"}, {secret}},
		"behind interfaces": struct{ v any }{any(&config{secret})},
	} {
		if testsecret.Find(v, secret) == "" {
			t.Errorf("not found: %s", name)
		}
	}
	for _, v := range []any{nil, "s3cret", loop, &failed{config: &config{"s3cret"}}, []byte("s3cret  word")} {
		if where := testsecret.Find(v, secret); where != "" {
			t.Errorf("found in %T at %s", v, where)
		}
	}
}

type happened struct{ Err error }

func (happened) EventName() string { return "test:happened" }

func TestAWatchFindsWhatIsPlanted(t *testing.T) {
	var w testsecret.Watch
	if where := w.See("the first word"); where != "" {
		t.Errorf("a watch that knows no secret found one by %s", where)
	}
	w.Add("first word")
	key := registry.NewSecret("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49AwEHBG0w\n-----END PRIVATE KEY-----\n")
	w.Hide(registry.Config{Password: registry.NewSecret("of a config"), TLS: &registry.TLS{Key: key}})
	for name, v := range map[string]any{
		"text":          "the first word",
		"hidden field":  &failed{config: &config{"the first word"}},
		"event":         happened{errors.New("the first word")},
		"of a config":   "the password of a config",
		"line of a key": errors.New("bad key: AgEGCCqGSM49AwEHBG0w"),
	} {
		if w.See(v) == "" {
			t.Errorf("not found: %s", name)
		}
	}
	for _, v := range []any{nil, "a first", happened{errors.New("-----BEGIN PRIVATE KEY-----")}} {
		if where := w.See(v); where != "" {
			t.Errorf("found in %v by %s", v, where)
		}
	}
	if w.Shown(&failed{config: &config{"the first word"}}) != "" || w.Shown(config{"the first word"}) == "" {
		t.Error("what is shown is not what can be read")
	}
	if w.Seen() != 11 {
		t.Errorf("%d values were seen", w.Seen())
	}
}
