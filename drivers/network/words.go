package network

import (
	"cmp"
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

// Word is one of these parameters. Rows that differ in what they say alone share a function in Take.
type Word struct {
	Names string // its spellings, separated by spaces; letters count in upper and lower case
	Here  string // where a Config says it: "ssl", "params.loc", "session.role"; "" where it does not

	// Take reads the value. Where it is nil, the value is refused, or, without a Problem, left to be read with others.
	Take func(r *Reading, w *Word, value string) error

	Problem, Cure string // of a value that is refused
	Unless        string // those that are not, separated by spaces, since they mean what is done anyway
}

// Reading is what the words that have been read come to.
type Reading struct {
	registry.Config
	Later map[string]string // what only means something together, by the first spelling
}

// Refuse is the error of a Word for a value that has no place here. Words adds the name, and nothing may repeat the value.
func Refuse(problem, cure string) error { return wrong("", problem, cure) }

func wrong(field, problem, cure string) error {
	return registry.NewConfigError(field, problem, cure)
}

// Read takes each word of params. Every error is a [*registry.ConfigError], or several joined.
func (w *Words) Read(params map[string]string) (*Reading, error) {
	r := &Reading{Later: make(map[string]string)}
	return r, registry.Each(params, func(name, value string) error { return w.take(r, name, value) })
}

func (w *Words) take(r *Reading, name, value string) error {
	word, p := w.look(name)
	if word != nil {
		return named(word.take(r, value), name)
	}
	if p != nil {
		var err error
		if p.Bool {
			var on bool
			on, err = Flag(value)
			value = strconv.FormatBool(on)
		}
		if err == nil {
			err = r.Keep(p.Name, value)
		}
		return named(err, p.Name)
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

func (word *Word) take(r *Reading, value string) error {
	switch {
	case word.Take != nil:
		return word.Take(r, word, value)
	case word.Problem == "":
		r.Later[strings.Split(word.Names, " ")[0]] = value
	case !listed(word.Unless, Plain(value)):
		return Refuse(word.Problem, word.Cure)
	}
	return nil
}

// listed reports whether a word is in a list, which is separated by spaces.
func listed(list, word string) bool {
	return slices.ContainsFunc(strings.Split(list, " "), func(s string) bool { return s != "" && strings.EqualFold(s, word) })
}

// named gives the errors of Refuse their field.
func named(err error, name string) error {
	if e, ok := err.(*registry.ConfigError); ok && e.Field == "" {
		e.Field = name
	}
	return err
}

// Find returns the word of this spelling, or nil.
func (w *Words) Find(name string) *Word {
	word, _ := w.look(name)
	return word
}

// look returns the word of this spelling and the param of this name, each nil if there is none.
func (w *Words) look(name string) (word *Word, p *registry.Param) {
	for i := range w.List {
		if listed(w.List[i].Names, name) {
			word = &w.List[i]
			break
		}
	}
	for i := range w.Params {
		if strings.EqualFold(w.Params[i].Name, name) {
			p = &w.Params[i]
		}
	}
	return word, p
}

func (w *Words) known() (names []string) {
	for i := range w.List {
		names = append(names, strings.Split(w.List[i].Names, " ")...)
	}
	for i := range w.Params {
		names = append(names, w.Params[i].Name)
	}
	return names
}

// isName is the form of a setting's name in the servers, and of every parameter.
func isName(name string) bool {
	for _, part := range strings.Split(name, ".") {
		if part == "" || !IsWord(part, "-$") || part[0] >= '0' && part[0] <= '9' {
			return false
		}
	}
	return true
}

// CheckParams is [registry.CheckParams], which says where a word belongs that is no param here.
func (w *Words) CheckParams(params map[string]string) (map[string]string, error) {
	checked := make(map[string]string)
	err := registry.Each(params, func(name, value string) (err error) {
		word, p := w.look(name)
		switch {
		case p != nil && p.Name == name:
		case word != nil:
			return wrong("params."+name, "is no param here", word.elsewhere())
		case isName(name) && registry.Misspelled("", name, w.known()) == nil:
			return wrong("params."+name, "is not known, or is a setting of the session", "write a setting of the session as session."+name)
		}
		checked[name], err = registry.CheckParam(name, value, w.Params)
		return err
	})
	if err != nil {
		return nil, err
	}
	return checked, nil
}

// CheckSession reports the names in Session that are no settings of the server, and those that have a place of their own.
func (w *Words) CheckSession(session map[string]string) error {
	seen := make(map[string]bool)
	return registry.Each(session, func(name, value string) error {
		field, lower := "session."+name, strings.ToLower(name)
		twice := seen[lower]
		seen[lower] = true
		word, p := w.look(name)
		problem, cure := "is no setting of the session", ""
		switch {
		case !isName(name) || strings.Contains(name, "-"):
			field, problem, cure = "session", "has a name that no setting has", "write names of letters, digits, _ and dots"
		case word != nil && word.Here != "session."+lower:
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

// Keep puts a value into Params, under the name that it has here.
func (r *Reading) Keep(name, value string) error { return put(&r.Params, name, value) }

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

// Flag reads a word for true or false, and refuses all others.
func Flag(value string) (bool, error) {
	on, ok := Bool(value)
	if !ok {
		return false, Refuse("is neither true nor false", "write one of them")
	}
	return on, nil
}

// What follows is for Take. Text, Count, Duration and Seconds set the field that Here names, and panic where it names none of
// their type.

// Drop is for what means nothing here, or what is done anyway.
func Drop(*Reading, *Word, string) error { return nil }

// field is where a Config has what a word with this Here sets.
func (r *Reading) field(here string) any {
	switch here {
	case "host":
		return &r.Host
	case "port":
		return &r.Port
	case "user":
		return &r.User
	case "database":
		return &r.Database
	case "pool.min":
		return &r.Pool.Min
	case "pool.max":
		return &r.Pool.Max
	case "pool.maxLifetime":
		return &r.Pool.MaxLifetime
	case "pool.maxIdleTime":
		return &r.Pool.MaxIdleTime
	case "connectTimeout":
		return &r.ConnectTimeout
	case "appName":
		return &r.AppName
	}
	panic("network: no Word can set " + here)
}

// Text sets a field to the value as it is.
func Text(r *Reading, w *Word, value string) error {
	if p := r.field(w.Here).(*string); *p == "" || *p == value {
		*p = value
		return nil
	}
	return twice()
}

func twice() error { return Refuse("is given twice", "keep one of them") }

// Password sets that of the Config.
func Password(r *Reading, _ *Word, value string) error {
	if !r.Password.IsZero() && r.Password.Reveal() != value {
		return twice()
	}
	r.Password = registry.NewSecret(value)
	return nil
}

// Count sets a field to a number. For pool.max, 0 is any number.
func Count(r *Reading, w *Word, value string) error {
	n, err := strconv.Atoi(Plain(value))
	if err != nil || n < 0 {
		return Refuse("is not a number", "correct it")
	}
	p := r.field(w.Here).(*int)
	if *p = n; n == 0 && p == &r.Pool.Max {
		*p = -1
	}
	return nil
}

// Duration sets a field to a time as Go writes it.
func Duration(r *Reading, w *Word, value string) error {
	d, err := time.ParseDuration(Plain(value))
	if err != nil || d < 0 {
		return Refuse("is not a time", `write a duration with its unit, such as "5s"`)
	}
	*r.field(w.Here).(*time.Duration) = d
	return nil
}

// Seconds sets a field to a time that is a whole number of seconds, of which 0 is no limit.
func Seconds(r *Reading, w *Word, value string) error {
	n, err := strconv.ParseInt(Plain(value), 10, 64)
	if err != nil || n < 0 || n > int64(1<<62/time.Second) {
		return Refuse("is not a time", "write a whole number without a unit")
	}
	*r.field(w.Here).(*time.Duration) = cmp.Or(time.Duration(n)*time.Second, -1)
	return nil
}

// Import reads the words in cfg.Params for [registry.Native]: what they mean completes cfg. finish makes up what only
// means something together.
func (w *Words) Import(cfg *registry.Config, finish func(*Reading) error) error {
	r, err := w.Read(cfg.Params)
	if err == nil {
		err = finish(r)
	}
	if err != nil {
		return err
	}
	cfg.Params = nil
	cfg.Complete(&r.Config)
	return nil
}
