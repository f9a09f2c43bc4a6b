package testsecret_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testsecret"
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
