package sqlite

import (
	"errors"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

func TestOneNameIsInMemory(t *testing.T) {
	for name, want := range map[string]bool{"": false, ":memory:": true, "./:memory:": false, "memory": false, ":MEMORY:": false, " ": false} {
		if inMemory(name) != want {
			t.Errorf("that %q is in memory is not %t", name, want)
		}
	}
}

func nameOn(goos, field, name string) (string, error) {
	if goos == "windows" {
		return windowsName(field, name)
	}
	return unixName(field, name, "/wd")
}

func TestNamesAreTakenAsTheyAre(t *testing.T) {
	for _, tt := range []struct{ goos, name, want string }{
		{"linux", "/dir/x.db", "/dir/x.db"},
		{"linux", "a?b#c%20.db", "/wd/a?b#c%20.db"},
		{"linux", "-", "/wd/-"},
		{"linux", " x.db ", "/wd/ x.db "},
		{"linux", "x.", "/wd/x."},
		{"linux", `C:\dir\x.db`, `/wd/C:\dir\x.db`},
		{"linux", "/C:/dir/x.db", "/C:/dir/x.db"},
		{"linux", "./file:x.db", "/wd/./file:x.db"},
		{"linux", "link/../x.db", "/wd/link/../x.db"},
		{"linux", "\xff.db", "/wd/\xff.db"},
		{"darwin", "größe.db", "/wd/größe.db"},
		{"windows", `C:\dir\x.db`, "C:/dir/x.db"},
		{"windows", "C:/dir/x.db", "C:/dir/x.db"},
		{"windows", "/C:/dir/x.db", "C:/dir/x.db"},
		{"windows", "/z:x.db", "z:x.db"},
		{"windows", `\\server\share\x.db`, "//server/share/x.db"},
		{"windows", `..\dir\.\x.db`, "../dir/./x.db"},
		{"windows", `\dir\größe 50%.db`, "/dir/größe 50%.db"},
	} {
		got, err := nameOn(tt.goos, "filename", tt.name)
		if err != nil || got != tt.want {
			t.Errorf("on %s the name %q is read as %q, %v; want %q", tt.goos, tt.name, got, err, tt.want)
		}
	}
}

func TestNamesOfOtherFilesAreRefused(t *testing.T) {
	for _, tt := range []struct{ goos, name, problem string }{
		{"linux", "x\x00.db", "contains a NUL character"},
		{"linux", "file:x.db", `starts with "file:"`},
		{"linux", "dir/", "names a folder"},
		{"linux", "x.db/.", "names a folder"},
		{"linux", "..", "names a folder"},
		{"windows", `C:\dir\`, "names a folder"},
		{"windows", `C:\dir\..`, "names a folder"},
		{"windows", `\\?\C:\x.db`, "names a device"},
		{"windows", `\\.\NUL`, "names a device"},
		{"windows", "//./pipe/x", "names a device"},
		{"windows", `C:\x.db:stream`, "contains a colon, which names a stream of another file"},
		{"windows", ":x", "contains a colon, which names a stream of another file"},
		{"windows", `C:\x.db.`, "has a part that ends in a dot or space, which Windows drops"},
		{"windows", `C:\dir \x.db`, "has a part that ends in a dot or space, which Windows drops"},
		{"windows", "\xff.db", "is not valid UTF-8"},
	} {
		_, err := nameOn(tt.goos, "database", tt.name)
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "database" || wrong.Problem != tt.problem || wrong.Cure == "" {
			t.Errorf("on %s the name %q gives %v; want that it %s", tt.goos, tt.name, err, tt.problem)
		}
	}
}
