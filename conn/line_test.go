package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// said is an error of a server.
type said struct{ text string }

func (s *said) Error() string { return s.text }

// E8: whatever a server says, an error is one line that fits, and acts on no terminal.
func TestAnErrorIsOneLineThatFits(t *testing.T) {
	long := "start " + strings.Repeat("x\x1b[2J\n", 150_000) + " end"
	for name, c := range map[string]struct{ text, want string }{
		"lines":           {"first\nsecond\r\n\tthird\n", "first; second; third"},
		"escape":          {"\x1b]0;owned\a red", `\x1b]0;owned\a red`},
		"other controls":  {"a\x00b\u0085c\u202ed\u2028e\x7f", `a\x00b\u0085c\u202ed\u2028e\x7f`},
		"bytes":           {"caf\xe9", `caf\xe9`},
		"words":           {"Größe 日本語 🙂 \ufffd", "Größe 日本語 🙂 \ufffd"},
		"long":            {long, "start x"},
		"long and wide":   {strings.Repeat("語", 300_000), "語語"},
		"nothing but end": {"\n\n", ""},
	} {
		cause := &said{c.text}
		for how, err := range map[string]error{
			"alone":   cause,
			"joined":  errors.Join(cause, cause),
			"wrapped": fmt.Errorf("login: %w", cause),
		} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.hint = "do this"
				f.connect = func(_ context.Context, n int, _ registry.Env) error {
					if n == 1 {
						return errors.Join(errLost, err)
					}
					return errors.Join(errRefused, err)
				}
				cfg := conn.Config{Database: strings.Repeat("d\n", 5000)}
				_, r, failed := openFake(t, f, retrying(cfg, conn.Retry{Max: 1}))
				var s *said
				if !errors.As(failed, &s) || s != cause {
					t.Errorf("%s, %s: what the server said is not found", name, how)
				}
				if text := failed.Error(); !strings.Contains(text, c.want) || !strings.HasSuffix(text, "; do this") || !strings.HasPrefix(text, `connection "orders" (fake localhost:99/d`) {
					t.Errorf("%s, %s: %s", name, how, text)
				}
				retry := of[conn.Retrying](r)[0]
				if !errors.As(retry.Err, &s) || !errors.Is(retry.Err, errLost) || retry.Kind != conn.KindLost {
					t.Errorf("%s, %s: %+v", name, how, retry)
				}
				for _, text := range []string{
					failed.Error(), retry.Err.Error(), fmt.Sprint(of[conn.Failed](r)[0].Err), fmt.Sprintf("%+v", retry.Err), fmt.Sprint(retry),
				} {
					if len(text) > 2200 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
						t.Errorf("%s, %s: %d bytes: %.300q", name, how, len(text), text)
					}
				}
				if how == "alone" && name == "long" && (!strings.Contains(failed.Error(), " ... ") || !strings.Contains(failed.Error(), "; end (")) {
					t.Errorf("the end was cut: %s", failed)
				}
			})
		}
	}
}

// The kind is the Error's own, then that of the context, then the driver's; of joined errors it is the first that gives one.
func TestDiagnoseGoesInOrder(t *testing.T) {
	auth := &conn.Error{Kind: conn.KindAuth, Hint: "try another", Err: errors.New("no")}
	netTimeout := &net.OpError{Op: "dial", Net: "tcp", Err: timesOutLikeNet{}}
	f := newFake()
	c, _, err := openFake(t, f, conn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, want := range map[string]struct {
		err  error
		kind conn.Kind
	}{
		"an Error around a context":          {&conn.Error{Kind: conn.KindTimeout, Err: context.DeadlineExceeded}, conn.KindTimeout},
		"a context":                          {context.Canceled, conn.KindCanceled},
		"a deadline, wrapped":                {fmt.Errorf("query: %w", context.DeadlineExceeded), conn.KindCanceled},
		"a timeout of package net":           {netTimeout, conn.KindTimeout},
		"the driver, then a context":         {errors.Join(errRefused, context.Canceled), conn.KindUnreachable},
		"a context, then the driver":         {errors.Join(context.Canceled, errRefused), conn.KindCanceled},
		"nothing known, then an Error":       {errors.Join(errors.New("?"), auth), conn.KindAuth},
		"the driver, then an Error":          {fmt.Errorf("%w: %w", errLost, auth), conn.KindLost},
		"two of the driver":                  {errors.Join(errors.New("?"), errLost), conn.KindLost},
		"joined, deep":                       {fmt.Errorf("a: %w", errors.Join(errors.New("?"), fmt.Errorf("b: %w", errors.Join(errRefused, context.Canceled)))), conn.KindUnreachable},
		"a panic, whatever it panicked with": {&conn.PanicError{Value: errRefused}, conn.KindUnknown},
		"nothing":                            {nil, conn.KindUnknown},
	} {
		if got := c.Diagnose(want.err); got.Kind != want.kind {
			t.Errorf("%s: got %+v, want %q", name, got, want.kind)
		}
	}
	if got := c.Diagnose(fmt.Errorf("x: %w", auth)); got.Hint != auth.Hint {
		t.Errorf("got %+v", got)
	}
}

// timesOutLikeNet answers as the timeouts of package net do.
type timesOutLikeNet struct{}

func (timesOutLikeNet) Error() string        { return "i/o timeout" }
func (timesOutLikeNet) Timeout() bool        { return true }
func (timesOutLikeNet) Is(target error) bool { return target == context.DeadlineExceeded }

// E3: a connection string in the place of a dialect.
func TestADialectThatIsAConnectionStringIsShownNowhere(t *testing.T) {
	for _, dialect := range []string{"app:hunter2@tcp(127.0.0.1:3306)/db", "postgres://u:hunter2@h/d", "server=h;user id=u;password=hunter2"} {
		cfg := conn.Config{Dialect: dialect, Host: "h"}
		_, err := conn.Open(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), "dialect is a connection string: parse it with ParseURL") {
			t.Errorf("got %v", err)
		}
		if shown := fmt.Sprintf("%v %+v %#v %v %+v", err, err, err, cfg, cfg); strings.Contains(shown, "hunter2") {
			t.Errorf("shown: %s", shown)
		}
	}
}
