package network

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// Words are the parameters in the connection strings of a database's clients, and what becomes of them in a Config. A driver
// reads them for [registry.Native], and checks Params and Session with them.
type Words struct {
	List   []Word
	Params []registry.Param // those of the driver, which stay in Params

	// Setting reads what is in no list: a setting of the session, under the name and with the value that Session takes.
	Setting func(name, value string) (string, string, error)
}

// Word is one of these parameters.
type Word struct {
	Names string // its spellings, separated by spaces; letters count in upper and lower case
	Here  string // where a Config says it: "ssl", "params.loc", "session.role"; "" where it does not
	Take  func(r *Reading, value string) error
}

// Reading is what the words that have been read come to.
type Reading struct {
	registry.Config
	Later map[string]string // what only means something together, by the first spelling
}

// Refuse is the error of a Word for a value that has no place here. Words adds the name, and nothing may repeat the value.
func Refuse(problem, cure string) error { return wrong("", problem, cure) }

func wrong(field, problem, cure string) error {
	return &registry.ConfigError{Field: field, Problem: problem, Cure: cure}
}

// Read takes each word of params. Every error is a [*registry.ConfigError], or several joined.
func (w Words) Read(params map[string]string) (*Reading, error) {
	r := &Reading{Later: make(map[string]string)}
	return r, each(params, func(name, value string) error { return w.take(r, name, value) })
}

// each calls f for the texts in the order of their names, and joins the errors.
func each(texts map[string]string, f func(name, value string) error) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		errs = append(errs, f(name, texts[name]))
	}
	return errors.Join(errs...)
}

func (w *Words) take(r *Reading, name, value string) error {
	if word, ok := w.Find(name); ok {
		if word.Take == nil {
			r.Later[strings.Split(word.Names, " ")[0]] = value
			return nil
		}
		return named(word.Take(r, value), name)
	}
	if p := w.param(name); p != nil {
		if slices.Equal(p.Words, Bools) {
			return named(KeepFlag(p.Name)(r, value), p.Name)
		}
		return named(r.keep(p.Name, value), p.Name)
	}
	err := registry.Misspelled("params."+name, name, w.known())
	switch {
	case !isName(name) || err == nil && strings.Contains(name, "-"):
		return wrong("a parameter", "has a name that no setting has", "write names of letters, digits, _ and dots, and escape what belongs to a value")
	case err != nil:
		return err
	}
	key, text, err := w.Setting(name, value)
	if err == nil {
		err = r.Set(key, text)
	}
	return named(err, "session") // the name may be part of a password that was not escaped
}

// named gives the errors of Refuse their field.
func named(err error, name string) error {
	if e, ok := err.(*registry.ConfigError); ok && e.Field == "" {
		e.Field = name
	}
	return err
}

// Find returns the word of this spelling.
func (w Words) Find(name string) (Word, bool) {
	for _, word := range w.List {
		if slices.ContainsFunc(strings.Split(word.Names, " "), func(s string) bool { return strings.EqualFold(s, name) }) {
			return word, true
		}
	}
	return Word{}, false
}

func (w *Words) param(name string) *registry.Param {
	for i := range w.Params {
		if strings.EqualFold(w.Params[i].Name, name) {
			return &w.Params[i]
		}
	}
	return nil
}

func (w *Words) known() (names []string) {
	for _, word := range w.List {
		names = append(names, strings.Split(word.Names, " ")...)
	}
	for _, p := range w.Params {
		names = append(names, p.Name)
	}
	return names
}

// isName is the form of a setting's name in the servers, and of every parameter.
func isName(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || !IsWord(part, "-$") || part[0] >= '0' && part[0] <= '9' {
			return false
		}
	}
	return true
}

// CheckParams is [registry.CheckParams], which says where a word belongs that is no param here.
func (w Words) CheckParams(params map[string]string) (map[string]string, error) {
	known := make(map[string]string)
	err := each(params, func(name, value string) error {
		word, isWord := w.Find(name)
		p := w.param(name)
		switch {
		case p != nil && p.Name == name:
		case isWord:
			return wrong("params."+name, "is no param here", word.elsewhere())
		case isName(name) && registry.Misspelled("", name, w.known()) == nil:
			return wrong("params."+name, "is not known, or is a setting of the session", "write a setting of the session as session."+name)
		}
		known[name] = value
		return nil
	})
	checked, wrong := registry.CheckParams(known, w.Params)
	return checked, errors.Join(err, wrong)
}

// CheckSession reports the names in Session that are no settings of the server, and those that have a place of their own.
func (w Words) CheckSession(session map[string]string) error {
	seen := make(map[string]bool)
	return each(session, func(name, value string) error {
		field, lower := "session."+name, strings.ToLower(name)
		twice := seen[lower]
		seen[lower] = true
		word, isWord := w.Find(name)
		p := w.param(name)
		problem, cure := "is no setting of the session", ""
		switch {
		case !isName(name) || strings.Contains(name, "-"):
			field, problem, cure = "session", "has a name that no setting has", "write names of letters, digits, _ and dots"
		case isWord && word.Here != "session."+lower:
			cure = word.elsewhere()
		case p != nil:
			cure = "write it as params." + p.Name
		case twice:
			problem, cure = "is given in upper and in lower case", "keep one of them"
		case strings.ContainsRune(value, 0):
			problem, cure = "contains a NUL character", "remove it"
		default:
			return nil
		}
		return wrong(field, problem, cure)
	})
}

// elsewhere is the cure for a word in the wrong place.
func (word *Word) elsewhere() string {
	if word.Here == "" {
		return "leave it out"
	}
	return "write it as " + word.Here
}

// Set puts a setting into Session.
func (r *Reading) Set(name, value string) error { return put(&r.Session, name, value) }

// keep puts a value into Params.
func (r *Reading) keep(name, value string) error { return put(&r.Params, name, value) }

func put(m *map[string]string, name, value string) error {
	if old, given := (*m)[name]; given && old != value {
		return Refuse("says something else than another word for the same", "keep one of them")
	}
	if *m == nil {
		*m = make(map[string]string)
	}
	(*m)[name] = value
	return nil
}

// Plain returns a value as words are compared: in lower case and without the quotes around it.
func Plain(value string) string { return strings.ToLower(Unquote(value)) }

// Unquote takes the quotes off a value that has them.
func Unquote(value string) string {
	if n := len(value); n > 1 && value[0] == value[n-1] && strings.ContainsRune("'\"", rune(value[0])) {
		quote := value[:1]
		return strings.ReplaceAll(value[1:n-1], quote+quote, quote)
	}
	return value
}

// Bool reads a word for true or false, or the number that stands for it.
func Bool(value string) (on, ok bool) {
	switch Plain(value) {
	case "1", "true", "on", "yes":
		return true, true
	case "0", "false", "off", "no":
		return false, true
	}
	return false, false
}

// What a Word does with its value. Each function returns a method of a small type, so that the many rows share its code.

// Keep leaves it in Params, under the name that it has here.
func Keep(name string) func(*Reading, string) error { return keep(name).take }

type keep string

func (name keep) take(r *Reading, value string) error { return r.keep(string(name), Unquote(value)) }

// Drop is for what means nothing here, or what is done anyway.
func Drop(*Reading, string) error { return nil }

// Never is for what cannot be had.
func Never(problem, cure string) func(*Reading, string) error { return never{problem, cure}.take }

type never struct{ problem, cure string }

func (n never) take(*Reading, string) error { return Refuse(n.problem, n.cure) }

// DropIf drops the values that mean what is done anyway, and refuses all others.
func DropIf(values, problem, cure string) func(*Reading, string) error {
	return dropIf{values, problem, cure}.take
}

type dropIf struct{ values, problem, cure string }

func (d dropIf) take(_ *Reading, value string) error {
	if slices.Contains(strings.Split(d.values, " "), Plain(value)) {
		return nil
	}
	return Refuse(d.problem, d.cure)
}

// Flag calls set with what a boolean says.
func Flag(set func(r *Reading, on bool) error) func(*Reading, string) error { return flag(set).take }

type flag func(r *Reading, on bool) error

func (set flag) take(r *Reading, value string) error {
	on, ok := Bool(value)
	if !ok {
		return Refuse("is neither true nor false", "write one of them")
	}
	return set(r, on)
}

// KeepFlag leaves a boolean in Params.
func KeepFlag(name string) func(*Reading, string) error {
	return Flag(func(r *Reading, on bool) error { return r.keep(name, strconv.FormatBool(on)) })
}

// Text sets a field to the value as it is.
func Text(field func(*registry.Config) *string) func(*Reading, string) error { return text(field).take }

type text func(*registry.Config) *string

func (field text) take(r *Reading, value string) error {
	if p := field(&r.Config); *p == "" || *p == value {
		*p = value
		return nil
	}
	return Refuse("is given twice", "keep one of them")
}

// Count sets a field to a number; none is what 0 means there.
func Count(field func(*registry.Config) *int, none int) func(*Reading, string) error {
	return count{field, none}.take
}

type count struct {
	field func(*registry.Config) *int
	none  int
}

func (c count) take(r *Reading, value string) error {
	n, err := strconv.Atoi(Plain(value))
	if err != nil || n < 0 {
		return Refuse("is not a number", "correct it")
	}
	*c.field(&r.Config) = cmp.Or(n, c.none)
	return nil
}

// Time sets a field to a duration: a number of units, or, where unit is 0, one as Go writes it. none is what 0 means there.
func Time(field func(*registry.Config) *time.Duration, unit, none time.Duration) func(*Reading, string) error {
	return span{field, unit, none}.take
}

type span struct {
	field      func(*registry.Config) *time.Duration
	unit, none time.Duration
}

func (s span) take(r *Reading, value string) error {
	d, err := time.ParseDuration(Plain(value))
	if s.unit != 0 {
		var n int64
		if n, err = strconv.ParseInt(Plain(value), 10, 64); err == nil && n > int64(1<<62/s.unit) {
			err = strconv.ErrRange
		}
		d = time.Duration(n) * s.unit
	}
	if err != nil || d < 0 {
		cure := `write a duration with its unit, such as "5s"`
		if s.unit != 0 {
			cure = "write a whole number without a unit"
		}
		return Refuse("is not a time", cure)
	}
	*s.field(&r.Config) = cmp.Or(d, s.none)
	return nil
}

// Import reads the words in cfg.Params for [registry.Native]: what they mean completes cfg. finish makes up what only
// means something together.
func (w Words) Import(cfg *registry.Config, finish func(*Reading) error) error {
	r, err := w.Read(cfg.Params)
	if err == nil {
		err = finish(r)
	}
	if err != nil {
		return err
	}
	cfg.Params = nil
	*cfg = cfg.Over(r.Config)
	return nil
}
