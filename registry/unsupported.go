package registry

import (
	"strings"

	"github.com/patchbay-go/patchbay/internal/spell"
)

// UnsupportedDialectError says that a name is neither a dialect that comes with Patchbay nor one that is
// registered.
type UnsupportedDialectError struct {
	Name    string   // what was asked for
	Nearest string   // the name that was probably meant; may be empty
	Known   []string // the dialects there are, without their aliases
}

// Error gives the name, the nearest one and the list.
func (e *UnsupportedDialectError) Error() string {
	s := "unsupported dialect " + quote(e.Name)
	last := len(e.Known) - 1
	if last < 0 {
		return s
	}
	s += ": "
	if e.Nearest != "" {
		s += "did you mean " + quote(e.Nearest) + "? "
	}
	return s + "use " + strings.Join(e.Known[:last], ", ") + " or " + e.Known[last]
}

func unsupported(name string, linked list) error {
	e := &UnsupportedDialectError{Name: name}
	var names []string
	for i := range len(known) + len(linked) {
		var info *Info
		if i < len(known) {
			info = &known[i]
		} else if info = &linked[i-len(known)].info; describe(info.Dialect) != nil {
			continue
		}
		e.Known = append(e.Known, info.Dialect)
		names = append(names, info.names()...)
	}
	e.Nearest = spell.Nearest(name, names)
	return e
}
