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
	add := func(infos []Info, known bool) {
		for i := range infos {
			if _, ok := Describe(infos[i].Dialect); ok == known {
				e.Known = append(e.Known, infos[i].Dialect)
				names = append(names, infos[i].names()...)
			}
		}
	}
	add(known, true)
	add(linked, false)
	e.Nearest = spell.Nearest(name, names)
	return e
}
