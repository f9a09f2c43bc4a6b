package configfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// Where the dialect is missing, all that there are are listed in the form that belongs there.
func TestAMissingDialectListsThoseThereAre(t *testing.T) {
	var names, urls []string
	for _, info := range registry.Known() {
		url := info.Dialect + "://…"
		if info.Files {
			url = info.Dialect + ":…" // a file has no host
		}
		names, urls = append(names, info.Dialect), append(urls, url)
	}
	if !slices.Contains(urls, "postgres://…") || !slices.Contains(urls, "sqlite:…") {
		t.Errorf("got %q as URLs, want postgres://… and sqlite:… among them", urls)
	}
	const name, url = "config: dialect is not there or not a text: use ", "config: url does not start with a dialect: write it as "
	for text, want := range map[string]struct {
		before string
		list   []string
	}{
		"{host: db}":    {name, names},
		"{dialect: ''}": {name, names},
		"{dialect: []}": {name, names},
		"db.example":    {url, urls},
	} {
		_, err := read(t, "app.yaml", "connections: {main: "+text+"}").Dialect("main")
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		_, list, found := strings.Cut(err.Error(), want.before)
		if got := strings.Split(strings.Replace(list, " or ", ", ", 1), ", "); !found || !slices.Equal(got, want.list) {
			t.Errorf("%s: got %v, want %s%s", text, err, want.before, strings.Join(want.list, ", "))
		}
	}
}
