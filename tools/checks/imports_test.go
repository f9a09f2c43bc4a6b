package checks

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// The import says which drivers a program may carry, the tags which it does: as a module, and vendored.
func TestImportsAndTagsChooseTheDrivers(t *testing.T) {
	t.Parallel()
	everything := slices.Sorted(slices.Values(dialects(registry.Known())))
	for name, c := range map[string]struct {
		imports []string // of drivers
		may     []string // dialects
	}{
		"one": {[]string{driver("mysql")}, []string{"mysql"}},
		"two": {[]string{driver("mysql"), driver("postgres")}, []string{"mysql", "postgres"}},
		"all": {[]string{sandbox.Library + "/drivers"}, everything},
	} {
		p := newProgram(t, lister, c.imports...)
		for _, tags := range []string{"", "mysql", registry.TagAll} {
			checkLinked(t, p, c.may, tags)
		}
		p.MustGo(t, "mod", "vendor")
		if got := vendored(t, p); !slices.Equal(got, modules(c.may)) {
			t.Errorf("with the import of %s, go mod vendor copies the database modules %q", name, got)
		}
		for _, tags := range []string{"", "mysql"} { // SQLite's module would take a minute to compile again
			checkLinked(t, p, c.may, tags, "-mod=vendor")
		}
	}
}

// With one driver, go mod vendor copies one database module, whichever it is.
func TestVendoringCopiesOneDatabaseModule(t *testing.T) {
	t.Parallel()
	for _, info := range registry.Known() {
		p := newProgram(t, lister, info.Import)
		p.MustGo(t, "mod", "vendor")
		if got := vendored(t, p); !slices.Equal(got, []string{info.Module}) {
			t.Errorf("with the import of %s, go mod vendor copies the database modules %q", info.Import, got)
		}
	}
}

// list is what the lister prints.
type list struct {
	Known, Linked []registry.Info
	Missing       map[string]string
}

func listOf(t *testing.T, p *sandbox.Program, binary string) (l list) {
	t.Helper()
	out := run(t, p, binary)
	if err := json.Unmarshal([]byte(out), &l); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return l
}

// checkLinked builds a lister with tags and compares what it says, and what is in it, with what it may carry.
func checkLinked(t *testing.T, p *sandbox.Program, may []string, tags string, flags ...string) {
	t.Helper()
	binary := p.Build(t, tags, flags...)
	l := listOf(t, p, binary)
	if want := registry.Known(); !reflect.DeepEqual(l.Known, want) {
		t.Errorf("tags %q: knows %v, want %v", tags, l.Known, want)
	}
	var want []string
	missing := make(map[string]string)
	for _, info := range registry.Known() {
		imported := slices.Contains(may, info.Dialect)
		tagged := tags == info.Tag || tags == registry.TagAll
		if imported && tagged {
			want = append(want, info.Dialect)
			continue
		}
		all := ""
		if tags != "" {
			all = " (all tags: -tags " + tags + "," + info.Tag + ")"
		}
		importLine := `import _ "` + info.Import + `"`
		switch why := "missing driver for " + info.Dialect + ": "; {
		case tagged:
			missing[info.Dialect] = why + "built with its tag, but nothing imports it: " + importLine
		case imported:
			missing[info.Dialect] = why + "rebuild with -tags " + info.Tag + all
		default:
			missing[info.Dialect] = why + "rebuild with -tags " + info.Tag + all + " and " + importLine
		}
	}
	slices.Sort(want)
	if got := dialects(l.Linked); !slices.Equal(got, want) {
		t.Errorf("imports %q, tags %q: linked %q, want %q", may, tags, got, want)
	}
	for _, info := range l.Linked {
		if info.DriverName == "" || info.VersionQuery == "" {
			t.Errorf("the driver of %s describes itself as %+v", info.Dialect, info)
		}
	}
	if !maps.Equal(l.Missing, missing) {
		t.Errorf("imports %q, tags %q: misses\n%q, want\n%q", may, tags, l.Missing, missing)
	}
	if got, err := sandbox.DatabaseModules(binary); err != nil || !slices.Equal(got, modules(want)) {
		t.Errorf("imports %q, tags %q: carries %q, want the modules of %q: %v", may, tags, got, want, err)
	}
}
