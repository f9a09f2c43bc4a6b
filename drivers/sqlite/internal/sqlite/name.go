package sqlite

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// inMemory reports whether the name in a Config is that of a database in memory.
func inMemory(name string) bool { return name == ":memory:" }

// What SQLite and most file systems take, in bytes, less the "-journal" that SQLite puts after the name.
// https://www.sqlite.org/src/file/src/os_unix.c (MAX_PATHNAME), https://en.wikipedia.org/wiki/Comparison_of_file_systems
const (
	longestPath = 512 - 8
	longestName = 255 - 8
)

// unixName returns the path of the file with this name, given the working directory, or an error if it is not
// certain that the file of this very name would be opened.
func unixName(field, name, dir string) (string, error) {
	if err := checkName(field, name, name); err != nil {
		return "", err
	}
	if !strings.HasPrefix(name, "/") {
		name = dir + "/" + name // not cleaned: link/../x is not x when link points elsewhere
	}
	most := 0
	if len(name) > longestPath {
		most = longestPath
	} else if len(name)-strings.LastIndexByte(name, '/')-1 > longestName {
		most = longestName
	}
	if most > 0 {
		return "", wrong(field, fmt.Sprintf("is longer than the %d bytes that leave room for a journal", most), "use a shorter name")
	}
	return name, nil
}

// windowsName returns name with slashes and in the form that Win32 takes, or an error as unixName does, also
// for what Win32 would change in a name, or take for something other than a file.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func windowsName(field, name string) (string, error) {
	slashed := strings.ReplaceAll(name, `\`, "/")
	if err := checkName(field, name, slashed); err != nil {
		return "", err
	}
	wrong := func(problem, cure string) (string, error) {
		return "", wrong(field, problem, cure)
	}
	if strings.HasPrefix(slashed, "//?/") || strings.HasPrefix(slashed, "//./") {
		return wrong("names a device", `write it without \\?\ or \\.\, and no reserved name such as NUL`)
	}
	if !utf8.ValidString(name) {
		return wrong("is not valid UTF-8", "correct it")
	}
	if hasDrive(strings.TrimPrefix(slashed, "/")) {
		slashed = strings.TrimPrefix(slashed, "/") // as in the URL sqlite:///C:/dir/x.db
	}
	rest := slashed
	if hasDrive(rest) {
		rest = rest[2:]
	}
	if strings.Contains(rest, ":") {
		return wrong("contains a colon, which names a stream of another file", "leave it out")
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part != "." && part != ".." && strings.TrimRight(part, ". ") != part {
			return wrong("has a part that ends in a dot or space, which Windows drops", "leave it out")
		}
	}
	return slashed, nil
}

// checkName refuses names that mean something else to SQLite, on any system.
func checkName(field, name, slashed string) error {
	problem, cure := "", "correct it"
	switch last := slashed[strings.LastIndexByte(slashed, '/')+1:]; {
	case name == "":
		problem, cure = "is empty", "name a file, or write :memory: for a database in memory"
	case strings.Contains(name, "\x00"):
		problem = "contains a NUL character"
	case strings.HasPrefix(name, "file:"):
		problem, cure = `starts with "file:"`, `write the path alone and the rest in params; for a file of that name, write "./" before it`
	case last == "" || last == "." || last == "..": // SQLite opens the file before the last slash
		problem, cure = "names a folder", "name a file in it"
	default:
		return nil
	}
	return wrong(field, problem, cure)
}

func hasDrive(name string) bool {
	return len(name) >= 2 && name[1] == ':' && ('a' <= name[0]|0x20 && name[0]|0x20 <= 'z')
}
