package sqlite

import (
	"net/url"
	"testing"
)

func TestPathsBecomeURIs(t *testing.T) {
	for _, tt := range []struct{ goos, path, want string }{
		{"linux", "/dir/x.db", "file:///dir/x.db?mode=ro"},
		{"linux", "/a?b#c%20.db", "file:///a%3Fb%23c%2520.db?mode=ro"},
		{"linux", "//dir/x.db", "file:////dir/x.db?mode=ro"},
		{"linux", "/\xff", "file:///%FF?mode=ro"},
		{"linux", `/a\b`, "file:///a%5Cb?mode=ro"},
		{"windows", `C:\dir\x.db`, "file:///C:/dir/x.db?mode=ro"},
		{"windows", "C:/dir/x.db", "file:///C:/dir/x.db?mode=ro"},
		{"windows", `C:\50% größe.db`, "file:///C:/50%25%20gr%C3%B6%C3%9Fe.db?mode=ro"},
		{"windows", `\\server\share\x.db`, "file:////server/share/x.db?mode=ro"},
	} {
		if got := fileURI(tt.goos, tt.path, url.Values{"mode": {"ro"}}); got != tt.want {
			t.Errorf("on %s the path %q becomes %s; want %s", tt.goos, tt.path, got, tt.want)
		}
	}
}

// FuzzFileURI: whatever the path, none of it becomes a parameter or a host.
func FuzzFileURI(f *testing.F) {
	f.Add("x.db") // more in testdata/fuzz
	f.Fuzz(func(t *testing.T, path string) {
		path = "/" + path
		u, err := url.Parse(fileURI("linux", path, url.Values{"mode": {"ro"}}))
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme != "file" || u.Host != "" || u.Path != path || u.RawQuery != "mode=ro" || u.Fragment != "" {
			t.Errorf("path %q reads back as %#v", path, u)
		}
	})
}
