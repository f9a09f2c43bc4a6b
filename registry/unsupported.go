package registry

import (
	"fmt"
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
	s := fmt.Sprintf("unsupported dialect %q", e.Name)
	last := len(e.Known) - 1
	if last < 0 {
		return s
	}
	s += ": "
	if e.Nearest != "" {
		s += fmt.Sprintf("did you mean %q? ", e.Nearest)
	}
	return s + "use " + strings.Join(e.Known[:last], ", ") + " or " + e.Known[last]
}

func unsupported(name string, registered []*entry) error {
	e := &UnsupportedDialectError{Name: name}
	var names []string
	add := func(info *Info) {
		e.Known = append(e.Known, info.Dialect)
		names = append(names, info.names()...)
	}
	for _, info := range known {
		add(info)
	}
	for _, r := range registered {
		if describe(r.info.Dialect) == nil {
			add(&r.info)
		}
	}
	e.Nearest = spell.Nearest(name, names)
	return e
}
