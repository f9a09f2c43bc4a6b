package registry

import (
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func TestDiagnose(t *testing.T) {
	postgres, _ := Describe("postgres")
	importLine := `import _ "github.com/patchbay-go/patchbay/drivers/postgres"`
	for name, c := range map[string]struct {
		build build
		cause MissingCause
		want  string
	}{
		"tag absent": {
			build{imported: true},
			MissingTag,
			"rebuild with -tags postgres",
		},
		"tag absent, others set": {
			build{imported: true, tags: []string{"sqlite", "netgo"}},
			MissingTag,
			"rebuild with -tags postgres (all tags: -tags sqlite,netgo,postgres)",
		},
		"import absent": {
			build{tags: []string{"postgres"}},
			MissingImport,
			"built with its tag, but nothing imports it: " + importLine,
		},
		"import absent, all drivers": {
			build{tags: []string{"alldrivers"}},
			MissingImport,
			"built with its tag, but nothing imports it: " + importLine,
		},
		"both absent, others set": {
			build{tags: []string{"sqlite"}},
			MissingTagAndImport,
			"rebuild with -tags postgres (all tags: -tags sqlite,postgres) and " + importLine,
		},
		"both absent, or no build information": {
			build{},
			MissingTagAndImport,
			"rebuild with -tags postgres and " + importLine,
		},
		"platform": {
			build{imported: true, unsupported: true, tags: []string{"postgres"}},
			MissingPlatform,
			"its database module does not support the platform " + runtime.GOOS + "/" + runtime.GOARCH + ": build for another, or use another dialect",
		},
		"another registry": {
			build{linked: true, tags: []string{"postgres"}},
			MissingInRegistry,
			`linked into the program, but not in this Registry: Register the Driver of "github.com/patchbay-go/patchbay/drivers/postgres"`,
		},
		"tag mistyped": {
			build{imported: true, tags: []string{"postgers"}},
			MissingTag,
			`rebuild with -tags postgres (this build has the tag "postgers", perhaps a typing mistake)`,
		},
		"tag mistyped, others set": {
			build{imported: true, tags: []string{"sqlite", "Postgres"}},
			MissingTag,
			`rebuild with -tags postgres (this build has the tag "Postgres", perhaps a typing mistake; all tags: -tags sqlite,postgres)`,
		},
		"an alias as a tag, twice": {
			build{imported: true, tags: []string{"pg", "sqlite", "pg", "sqlite"}},
			MissingTag,
			`rebuild with -tags postgres (this build has the tag "pg", perhaps a typing mistake; all tags: -tags sqlite,postgres)`,
		},
		"tag for all drivers mistyped": {
			build{imported: true, tags: []string{"alldriver"}},
			MissingTag,
			`rebuild with -tags postgres (this build has the tag "alldriver", perhaps a typing mistake)`,
		},
	} {
		e := diagnose(&postgres, c.build)
		if want := "missing driver for postgres: " + c.want; e.Error() != want {
			t.Errorf("%s:\n got %s\nwant %s", name, e, want)
		}
		if e.Cause != c.cause || e.Dialect != "postgres" || e.Tag != "postgres" || e.Import != postgres.Import {
			t.Errorf("%s: fields %+v", name, *e)
		}
	}
}

// The binary of a test carries build information like any other.
func TestBuildTags(t *testing.T) {
	out, err := exec.Command("go", "test", "-tags=purego,sqlite", "-run=TestPrintsItsTags", "-v", ".").CombinedOutput()
	if err != nil || !strings.Contains(string(out), `the tags are ["purego" "sqlite"]`) {
		t.Errorf("a binary built with two tags does not tell them: %v\n%s", err, out)
	}
}

func TestPrintsItsTags(t *testing.T) {
	t.Logf("the tags are %q", buildTags())
}

func TestLookupOfAKnownDialect(t *testing.T) {
	var r Registry
	_, err := r.Lookup("pg")
	var missing *MissingDriverError
	if !errors.As(err, &missing) || missing.Dialect != "postgres" || missing.Cause != MissingTagAndImport && missing.Cause != MissingImport {
		t.Errorf("Lookup of a dialect that this test does not import: %v", err)
	}
	old := std.entries.Load()
	t.Cleanup(func() { std.entries.Store(old) })
	Register(Absent("mssql"))
	Register(Absent("mysql", "plan9/mips"))
	Register(Absent("duck"))
	for dialect, want := range map[string]MissingCause{"mssql": MissingTag, "mysql": MissingPlatform, "duck": MissingTag} {
		for _, lookup := range []func(string) (Driver, error){r.Lookup, Lookup} {
			_, err := lookup(dialect)
			if dialect == "duck" && !errors.As(err, &missing) { // the other registry never heard of it
				continue
			}
			if !errors.As(err, &missing) || missing.Cause != want || missing.Tag != dialect {
				t.Errorf("Lookup(%q) of an absent driver: %v", dialect, err)
			}
		}
		_, err := Absent(dialect).Connector(Config{}, Env{})
		if !errors.As(err, &missing) || missing.Dialect != dialect {
			t.Errorf("the Connector of an absent driver of %s: %v", dialect, err)
		}
	}
	if linked := Linked(); len(linked) != 0 {
		t.Errorf("absent drivers are linked: %v", linked)
	}
}
