package sqlite

import (
	"net/url"
	"testing"
)

func TestPathsBecomeURIs(t *testing.T) {
	for path, want := range map[string]string{
		"/dir/x.db":           "file:///dir/x.db?mode=ro",
		"/a?b#c%20.db":        "file:///a%3Fb%23c%2520.db?mode=ro",
		"//dir/x.db":          "file:////dir/x.db?mode=ro",
		"/\xff":               "file:///%FF?mode=ro",
		`/a\b`:                "file:///a%5Cb?mode=ro",
		"C:/dir/x.db":         "file:///C:/dir/x.db?mode=ro",
		"C:/50% größe.db":     "file:///C:/50%25%20gr%C3%B6%C3%9Fe.db?mode=ro",
		"//server/share/x.db": "file:////server/share/x.db?mode=ro",
	} {
		if got := fileURI(path, "mode=ro"); got != want {
			t.Errorf("the path %q becomes %s; want %s", path, got, want)
		}
	}
}

// FuzzFileURI: whatever the path, none of it becomes a parameter or a host.
func FuzzFileURI(f *testing.F) {
	f.Add("x.db") // more in testdata/fuzz
	f.Fuzz(func(t *testing.T, path string) {
		path = "/" + path
		u, err := url.Parse(fileURI(path, "mode=ro"))
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme != "file" || u.Host != "" || u.Path != path || u.RawQuery != "mode=ro" || u.Fragment != "" {
			t.Errorf("path %q reads back as %#v", path, u)
		}
	})
}
