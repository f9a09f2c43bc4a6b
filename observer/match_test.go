package observer_test

import (
	"path"
	"regexp"
	"testing"

	"github.com/patchbay-go/patchbay/observer"
)

func TestMatchGoesByName(t *testing.T) {
	for _, c := range []struct {
		name string
		p    observer.Matcher
		want []string
	}{
		{"glob", observer.Glob("*:close"), []string{"test:close"}},
		{"glob without a star", observer.Glob("test"), nil},
		{"glob of everything", observer.Glob("*"), []string{"test:open", "test:close", "error"}},
		{"regexp", regexp.MustCompile(`^test:(open|rename)$`), []string{"test:open"}},
		{"nil", nil, []string{"test:open", "test:close", "error"}},
	} {
		b := observer.New()
		var got []string
		cancel := observer.Match(b, c.p, func(e observer.Event) { got = append(got, e.EventName()) })
		observer.Emit(b, opened{})
		observer.Emit(b, observer.Event(closed{}))
		observer.Emit(b, observer.Error{})
		cancel()
		observer.Emit(b, opened{})
		equal(t, c.name, got, c.want...)
	}
}

func TestGlobPanicsOnAMalformedPattern(t *testing.T) {
	for _, pattern := range []string{"[", "a[", "connection:[", "*[", `\`, "[]a]", "[a-]", "x*[-"} {
		if mustPanic(t, func() { observer.Glob(pattern) }) == nil {
			t.Errorf("Glob(%q) does not panic", pattern)
		}
	}
}

// What Glob accepts must be well-formed to the end, whatever it is matched with: MatchString has no way to fail.
func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"connection:*", "*:error", "[a-c]?", "*[", "a*b*[c", `a\`, "[^x]y[", ""} {
		f.Add(seed, "connection:error")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		var p observer.Pattern
		if mustPanic(t, func() { p = observer.Glob(pattern) }) != nil {
			return
		}
		if p.String() != pattern {
			t.Errorf("Glob(%q) says it is %q", pattern, p)
		}
		if got, want := p.MatchString(name), pathMatch(t, pattern, name); got != want {
			t.Errorf("Glob(%q).MatchString(%q) = %t, want %t", pattern, name, got, want)
		}
	})
}

func pathMatch(t *testing.T, pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	if err != nil {
		t.Errorf("Glob(%q) accepts a malformed pattern: %v", pattern, err)
	}
	return ok
}
