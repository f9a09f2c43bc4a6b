package network

import (
	"errors"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Table says what the errors of one database mean.
type Table struct {
	// Read returns what the server said, if err is or wraps an error that it sent.
	Read func(err error) (Message, bool)

	// Codes are the rows for what the server says. The first that matches counts.
	Codes []Code

	// Faults are the rows for the errors that the driver makes itself. The first that matches counts.
	Faults []Fault
}

// Message is an error that a server sent.
type Message struct {
	Codes      []string // one, or for a server that sends several, all of them
	Text       string
	Fatal      bool // the server ended the connection with it
	Constraint string
}

// Code is a row for some of a server's codes.
type Code struct {
	Codes     string // separated by spaces; one that ends in "*" stands for all that start like it
	Text      string // part of the message, where the code does not tell enough
	Fatal     bool   // only of an error that ended the connection
	Kind      registry.Kind
	Permanent bool   // another attempt cannot succeed soon, although the kind is one that is retried
	Hint      string // empty: what is usual for the kind
}

// Fault is a row for errors of a driver or the network, which one of the first three fields tells.
type Fault struct {
	Is    []error          // errors that are or wrap one of these, as [errors.Is] has it
	Login []string         // errors of a login, as [LoginSays] has it
	Match func(error) bool // any others

	Kind      registry.Kind
	Permanent bool
	dialing   bool // Is, but only of dialing a unix socket
	alert     bool // Login, and what a server said of TLS later
	Hint      string
}

// Diagnose looks an error up: certificates first, then what the server said, then the errors of the driver, and then
// those of the network. It is what a driver's Diagnose consists of.
func (t *Table) Diagnose(err error) registry.Diagnosis {
	d := Diagnose(err)
	if d.Kind == registry.KindTLS {
		return d
	}
	if message, ok := t.Read(err); ok {
		return t.look(&message)
	}
	if own := find(t.Faults, err); own != nil {
		return own.diagnosis()
	}
	return d
}

// look finds the row for a message.
func (t *Table) look(m *Message) registry.Diagnosis {
	for i := range t.Codes {
		row := &t.Codes[i]
		if code, ok := row.matches(m); ok {
			return registry.Diagnosis{Kind: row.Kind, Code: code, Hint: row.Hint, Permanent: row.Permanent, Constraint: m.Constraint}
		}
	}
	return registry.Diagnosis{Code: m.Codes[0], Constraint: m.Constraint}
}

// matches returns which code of the message the row is about.
func (row *Code) matches(m *Message) (string, bool) {
	if row.Fatal && !m.Fatal || !strings.Contains(m.Text, row.Text) {
		return "", false
	}
	for rest := row.Codes; rest != ""; {
		var code string
		code, rest, _ = strings.Cut(rest, " ")
		class, isClass := strings.CutSuffix(code, "*")
		for _, said := range m.Codes {
			if said == code || isClass && strings.HasPrefix(said, class) {
				return said, true
			}
		}
	}
	return "", false
}

// find returns the row for an error, or nil.
func find(rows []Fault, err error) *Fault {
	for i := range rows {
		if err != nil && rows[i].matches(err) {
			return &rows[i]
		}
	}
	return nil
}

func (row *Fault) diagnosis() registry.Diagnosis {
	return registry.Diagnosis{Kind: row.Kind, Hint: row.Hint, Permanent: row.Permanent}
}

func (row *Fault) matches(err error) bool {
	switch {
	case row.Match != nil:
		return row.Match(err)
	case row.alert:
		return tlsSays(err, row.Login...)
	case row.Login != nil:
		return LoginSays(err, row.Login...)
	case row.dialing:
		return dialingSocket(err, row.Is)
	}
	return is(err, row.Is)
}

func is(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// As matches errors that are or wrap an E. [errors.AsType] is compiled once for each, [errors.As] for all of them.
func As[E error](err error) bool { return errors.As(err, new(E)) }

// Says reports whether the text of an error, or that of an error that it wraps, starts with one of the prefixes: for those
// that have no type.
func Says(err error, prefixes ...string) bool {
	if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(err.Error(), prefix) }) {
		return true
	}
	says := func(err error) bool { return Says(err, prefixes...) }
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		inner := err.Unwrap()
		return inner != nil && says(inner)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(err.Unwrap(), says)
	}
	return false
}

// LoginSays is Says for errors that came out of [LogIn] alone: a text such as "protocol error" tells something of a driver's
// login, and nothing of an error from elsewhere.
func LoginSays(err error, prefixes ...string) bool {
	e, ok := errors.AsType[*loginError](err)
	return ok && Says(e.err, prefixes...)
}
