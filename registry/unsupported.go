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
	s := fmt.Sprintf("unsupported dialect %q: ", e.Name)
	if e.Nearest != "" {
		s += fmt.Sprintf("did you mean %q? ", e.Nearest)
	}
	last := len(e.Known) - 1
	return s + "use " + strings.Join(e.Known[:last], ", ") + " or " + e.Known[last]
}

func unsupported(name string, linked []Info) error {
	e := &UnsupportedDialectError{Name: name}
	var names []string
	all := Known()
	for i := range linked {
		if _, ok := Describe(linked[i].Dialect); !ok {
			all = append(all, linked[i])
		}
	}
	for i := range all {
		e.Known = append(e.Known, all[i].Dialect)
		names = append(names, all[i].names()...)
	}
	e.Nearest = spell.Nearest(name, names)
	return e
}
