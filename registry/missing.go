package registry

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/internal/spell"
)

// MissingDriverError says that a dialect comes with Patchbay but its driver is not there, why, and what to do.
type MissingDriverError struct {
	Dialect string
	Cause   MissingCause
	Tag     string   // the build tag that links the driver
	Import  string   // the package to import
	Tags    []string // all tags to rebuild with: those known of this build and Tag; nil where Tag alone is enough
	Typo    string   // a tag of this build that looks like Tag mistyped, or is an alias of Dialect; usually empty
}

// MissingCause tells why a driver is missing.
type MissingCause uint8

// The causes of a [MissingDriverError].
const (
	MissingTag          MissingCause = iota // imported, but built without the tag
	MissingImport                           // built with the tag, but nothing imports the package
	MissingTagAndImport                     // neither, or no build information tells
	MissingPlatform                         // the database module does not support this platform
	MissingInRegistry                       // linked into the program, but not registered in this Registry
)

// Error gives the dialect, the cause and the cure in one line.
func (e *MissingDriverError) Error() string {
	why := ""
	switch e.Cause {
	case MissingTag:
		why = e.rebuild()
	case MissingTagAndImport:
		why = fmt.Sprintf("%s and import _ %q", e.rebuild(), e.Import)
	case MissingImport:
		why = fmt.Sprintf("built with its tag, but nothing imports it: import _ %q", e.Import)
	case MissingPlatform:
		why = fmt.Sprintf("its database module does not support the platform %s/%s: build for another, or use another dialect", runtime.GOOS, runtime.GOARCH)
	case MissingInRegistry:
		why = fmt.Sprintf("linked into the program, but not in this Registry: Register the Driver of %q", e.Import)
	}
	return "missing driver for " + e.Dialect + ": " + why
}

func (e *MissingDriverError) rebuild() string {
	var notes []string
	if e.Typo != "" {
		notes = append(notes, fmt.Sprintf("this build has the tag %q, perhaps a typing mistake", e.Typo))
	}
	if e.Tags != nil {
		notes = append(notes, "all tags: -tags "+strings.Join(e.Tags, ","))
	}
	s := "rebuild with -tags " + e.Tag
	if notes != nil {
		s += " (" + strings.Join(notes, "; ") + ")"
	}
	return s
}

// missing says why the driver of a dialect is not in this registry.
func (r *Registry) missing(info *Info) error {
	b := build{tags: buildTags()}
	if e := std.find(info.Dialect); e != nil {
		stub, imported := e.driver.(*absent)
		b.linked = !imported && r != &std
		b.imported, b.unsupported = imported, imported && stub.unsupported
	}
	return diagnose(info, b)
}

// build is what is known of the running program.
type build struct {
	linked      bool // the driver is in the default registry
	imported    bool // its package is there, without the driver
	unsupported bool // because of the platform
	tags        []string
}

func diagnose(info *Info, b build) *MissingDriverError {
	e := &MissingDriverError{Dialect: info.Dialect, Tag: info.Tag, Import: info.Import}
	tagged := slices.ContainsFunc(b.tags, func(tag string) bool { return tag == info.Tag || tag == TagAll })
	switch {
	case b.linked:
		e.Cause = MissingInRegistry
		return e
	case b.unsupported:
		e.Cause = MissingPlatform
		return e
	case b.imported:
		e.Cause = MissingTag
	case tagged:
		e.Cause = MissingImport
		return e
	default:
		e.Cause = MissingTagAndImport
	}
	for _, tag := range b.tags {
		switch {
		case tag == e.Typo:
		case e.Typo == "" && isTypo(tag, info.Tag):
			e.Typo = tag
		case !slices.Contains(e.Tags, tag):
			e.Tags = append(e.Tags, tag)
		}
	}
	if e.Tags != nil {
		e.Tags = append(e.Tags, info.Tag)
	}
	return e
}

// isTypo reports whether a build tag is an alias of the wanted dialect, or looks like its tag, or the one for all
// drivers, mistyped.
func isTypo(tag, wanted string) bool {
	if info := describe(tag); info != nil {
		return info.Tag == wanted && tag != wanted
	}
	return spell.Nearest(tag, []string{wanted, TagAll}) != ""
}

// buildTags returns the tags that the program was built with. The go command writes them into every program; of
// one that another build system has linked, only the drivers may be known.
// https://pkg.go.dev/runtime/debug#BuildSetting
func buildTags() (tags []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		for _, e := range std.list() {
			if e.info.Tag != "" && !isAbsent(e.driver) {
				tags = append(tags, e.info.Tag)
			}
		}
		return tags
	}
	for _, s := range info.Settings {
		if s.Key == "-tags" && s.Value != "" {
			tags = strings.Split(s.Value, ",")
		}
	}
	return tags
}
