package registry

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

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
		why = e.rebuild() + " and import _ \"" + e.Import + "\""
	case MissingImport:
		why = "built with its tag, but nothing imports it: import _ \"" + e.Import + "\""
	case MissingPlatform:
		why = "its database module does not support the platform " + runtime.GOOS + "/" + runtime.GOARCH + ": build for another, or use another dialect"
	case MissingInRegistry:
		why = "linked into the program, but not in this Registry: Register the Driver of \"" + e.Import + "\""
	}
	return "missing driver for " + e.Dialect + ": " + why
}

func (e *MissingDriverError) rebuild() string {
	var notes []string
	if e.Typo != "" {
		notes = append(notes, "this build has the tag \""+e.Typo+"\", perhaps a typing mistake")
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

// stubs holds what the driver packages without a driver in them said of themselves: whether the database
// module supports the platform that the program was built for.
var stubs sync.Map // dialect -> bool

// Stub records that the package of a dialect is imported but was built without its driver, so that the error
// of a Lookup can tell what is missing. Only the stubs of the packages under drivers call it. platforms lists
// the GOOS/GOARCH pairs that the database module supports; none means all.
func Stub(dialect string, platforms ...string) {
	stubs.Store(dialect, len(platforms) == 0 || slices.Contains(platforms, runtime.GOOS+"/"+runtime.GOARCH))
}

func (r *Registry) missing(info *Info) error {
	linked := std.snapshot().named(info.Dialect) != nil
	supported, imported := stubs.Load(info.Dialect)
	return diagnose(info, build{
		linked:      linked && r != &std,
		imported:    imported,
		unsupported: imported && !supported.(bool),
		tags:        buildTags(),
	})
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
	tagged := false
	for _, tag := range b.tags {
		tagged = tagged || tag == info.Tag || tag == TagAll
	}
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
		for _, e := range std.snapshot() {
			if e.info.Tag != "" {
				tags = append(tags, e.info.Tag)
			}
		}
		return tags
	}
	for _, s := range info.Settings {
		if s.Key != "-tags" {
			continue
		}
		for tag, rest, more := "", s.Value, true; more; {
			if tag, rest, more = strings.Cut(rest, ","); tag != "" {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}
