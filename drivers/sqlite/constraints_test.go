package sqlite

import (
	"bufio"
	"go/build/constraint"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryBuildHasEitherTheDriverOrTheStub evaluates the constraints of this package for every platform of
// the go command.
func TestEveryBuildHasEitherTheDriverOrTheStub(t *testing.T) {
	list, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	driver, stub := constraintOf(t, "driver.go"), constraintOf(t, "stub.go")
	source, err := os.ReadFile("stub.go")
	if err != nil {
		t.Fatal(err)
	}
	var supported []string
	for platform := range strings.FieldsSeq(string(list)) {
		for _, tag := range []string{"", "sqlite", "alldrivers", "postgres"} {
			ok := satisfied(platform, tag)
			if driver.Eval(ok) == stub.Eval(ok) {
				t.Errorf("%s with tag %q has both the driver and the stub, or neither", platform, tag)
			}
		}
		if driver.Eval(satisfied(platform, "sqlite")) {
			supported = append(supported, platform)
		}
	}
	var listed []string
	for _, m := range regexp.MustCompile(`"(\w+/\w+)"`).FindAllStringSubmatch(string(source), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(supported)
	slices.Sort(listed)
	if !slices.Equal(listed, supported) {
		t.Errorf("the stub lists the platforms\n%v, the constraints allow\n%v", listed, supported)
	}
}

// TestNoTaggedFileStandsAlone: a file that needs the tag is never there without the driver.
func TestNoTaggedFileStandsAlone(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	driver := constraintOf(t, "driver.go").String()
	tagged := 0
	for _, file := range files {
		c := constraintOf(t, file)
		if c == nil || file == "stub.go" {
			continue
		}
		tagged++
		if want, _, _ := strings.Cut(driver, " && "); !strings.HasPrefix(c.String(), want) || !strings.HasSuffix(c.String(), platformsOf(driver)) {
			t.Errorf("%s has the constraint\n%s, the driver\n%s", file, c, driver)
		}
	}
	if tagged < 2 {
		t.Errorf("only %d of %v need the tag", tagged, files)
	}
}

func platformsOf(constraint string) string {
	_, platforms, _ := strings.Cut(constraint, " && ")
	return platforms
}

func constraintOf(t *testing.T, file string) constraint.Expr {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan() && !strings.HasPrefix(lines.Text(), "package "); {
		if constraint.IsGoBuild(lines.Text()) {
			expr, err := constraint.Parse(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			return expr
		}
	}
	return nil
}

// satisfied tells which tags hold on a platform. https://pkg.go.dev/cmd/go#hdr-Build_constraints
func satisfied(platform, tag string) func(string) bool {
	goos, goarch, _ := strings.Cut(platform, "/")
	also := map[string]string{"android": "linux", "ios": "darwin", "illumos": "solaris"}[goos]
	return func(name string) bool {
		return name == goos || name == goarch || name == also || name == tag && tag != ""
	}
}
