package percent_test

import (
	"net/url"
	"testing"

	"github.com/patchbay-go/patchbay/internal/percent"
)

func TestEncode(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"azAZ09-._~":      "azAZ09-._~",
		"/a b:c":          "/a%20b:c",
		"a?b#c%20&=+@":    "a%3Fb%23c%2520%26%3D%2B%40",
		"ü\x00\xff":       "%C3%BC%00%FF",
		"[redacted]\n\"'": "%5Bredacted%5D%0A%22%27",
	} {
		got := percent.Encode(text, "/:")
		back, err := url.PathUnescape(got)
		if got != want || err != nil || back != text {
			t.Errorf("%q becomes %q and again %q, %v; want %q", text, got, back, err, want)
		}
	}
}
