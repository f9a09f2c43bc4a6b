package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-go/patchbay/registry"
)

// inMemory reports whether the name in a Config is that of a database in memory.
func inMemory(name string) bool { return name == "" || name == ":memory:" }

// absolute returns the path of the file with this name, which comes from the given field of a Config.
func absolute(field, name string) (string, error) {
	name, err := plain(runtime.GOOS, field, name)
	if err != nil {
		return "", err
	}
	switch {
	case filepath.IsAbs(name):
	case runtime.GOOS == "windows": // each drive has a working directory there
		if name, err = filepath.Abs(name); err == nil {
			name, err = plain(runtime.GOOS, field, name)
		}
		return name, err
	default:
		dir, err := os.Getwd()
		if err != nil {
			return "", &registry.ConfigError{Field: field, Problem: "is relative, and the working directory is not known", Cure: "write an absolute path"}
		}
		name = dir + "/" + name // not cleaned: link/../x is not x when link points elsewhere
	}
	if len(name) > longestPath && runtime.GOOS != "windows" {
		return "", tooLong(field, longestPath)
	}
	return name, nil
}

// What SQLite and most file systems take, in bytes, less the "-journal" that SQLite puts after the name.
// https://www.sqlite.org/src/file/src/os_unix.c (MAX_PATHNAME), https://en.wikipedia.org/wiki/Comparison_of_file_systems
const (
	longestPath = 512 - 8
	longestName = 255 - 8
)

func tooLong(field string, most int) error {
	return &registry.ConfigError{Field: field, Problem: fmt.Sprintf("is longer than the %d bytes that leave room for a journal", most), Cure: "use a shorter name"}
}

// plain returns name as the system that goos names takes it, or an error if it is not certain that the file
// with this very name would be opened.
func plain(goos, field, name string) (string, error) {
	problem, cure := "", "correct it"
	switch {
	case strings.ContainsRune(name, 0):
		problem = "contains a NUL character"
	case strings.HasPrefix(name, "file:"):
		problem, cure = `starts with "file:"`, `write the path alone and the rest in params; for a file of that name, write "./" before it`
	case endsLikeFolder(goos, name):
		problem, cure = "names a folder", "name a file in it"
	case goos != "windows" && len(name)-strings.LastIndexByte(name, '/')-1 > longestName:
		return "", tooLong(field, longestName)
	case goos == "windows":
		if hasDrive(strings.TrimPrefix(name, "/")) {
			name = strings.TrimPrefix(name, "/") // as in the URL sqlite:///C:/dir/x.db
		}
		problem, cure = windowsProblem(name)
	}
	if problem != "" {
		return "", &registry.ConfigError{Field: field, Problem: problem, Cure: cure}
	}
	return name, nil
}

// endsLikeFolder tells names that SQLite opens as the file before the last slash, although they are not its name.
func endsLikeFolder(goos, name string) bool {
	if goos == "windows" {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	last := name[strings.LastIndexByte(name, '/')+1:]
	return last == "" || last == "." || last == ".."
}

// windowsProblem finds what Win32 would change in a name, or take for something other than a file.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func windowsProblem(name string) (problem, cure string) {
	slashed := strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(slashed, "//?/") || strings.HasPrefix(slashed, "//./") {
		return "names a device", `write it without \\?\ or \\.\, and no reserved name such as NUL`
	}
	if !utf8.ValidString(name) {
		return "is not valid UTF-8", "correct it"
	}
	if hasDrive(slashed) {
		slashed = slashed[2:]
	}
	if strings.Contains(slashed, ":") {
		return "contains a colon, which names a stream of another file", "leave it out"
	}
	for part := range strings.SplitSeq(slashed, "/") {
		if part != "." && part != ".." && strings.TrimRight(part, ". ") != part {
			return "has a part that ends in a dot or space, which Windows drops", "leave it out"
		}
	}
	return "", ""
}

func hasDrive(name string) bool {
	return len(name) >= 2 && name[1] == ':' && ('a' <= name[0]|0x20 && name[0]|0x20 <= 'z')
}
