// Package registry is the contract between the database drivers and those who open databases: the [Config], the
// [Driver] that understands one dialect of it, the [Kind] of a failure, and the list of the drivers that are
// linked into the program. Driver packages register here from init; package conn looks them up. It imports no
// driver, does no I/O and knows nothing of pools.
package registry

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Registry is a list of drivers by name. The zero value is empty and ready to use. Its methods may be called
// concurrently; Lookup takes no lock. A Registry must not be copied after first use.
type Registry struct {
	mu      sync.Mutex // serializes writers
	entries atomic.Pointer[[]*entry]
}

// entry is a registered driver. A list of them is sorted by dialect and never changed.
type entry struct {
	info   Info
	driver Driver
	by     string // the function that registered it
}

var std Registry

// Default returns the registry that the functions of this package use, and driver packages register in.
func Default() *Registry { return &std }

// Register adds d to the default registry; see [Registry.Register].
func Register(d Driver) { std.register(d, registrant()) }

// Lookup finds a driver in the default registry; see [Registry.Lookup].
func Lookup(name string) (Driver, error) { return std.Lookup(name) }

// Linked lists the default registry; see [Registry.Linked].
func Linked() []Info { return std.Linked() }

// Register adds d under its dialect and aliases. Registering the same driver again does nothing, and a driver takes
// the place of an [Absent] one of its dialect. Register panics, naming both sides, when another driver has one of
// the names, and when a name is not one that a URL can start with: lower-case letters, digits, "+", "-", ".".
func (r *Registry) Register(d Driver) { r.register(d, registrant()) }

func (r *Registry) register(d Driver, by string) {
	if d == nil {
		panic("registry: Register of a nil Driver by " + by)
	}
	added := &entry{driver: d, by: fmt.Sprintf("%T of %s", d, by)}
	added.info = d.Info()

	r.mu.Lock()
	defer r.mu.Unlock()
	var next []*entry
	for _, e := range r.list() {
		switch {
		case e.info.Dialect != added.info.Dialect: // another one
		case same(e.driver, d), isAbsent(d):
			return
		case isAbsent(e.driver):
			continue
		}
		next = append(next, e)
	}
	for _, name := range added.info.names() {
		if !validName(name) {
			panic(fmt.Sprintf("registry: %q of %s is not a name that a URL can start with", name, added.by))
		}
		for _, e := range next {
			if e.info.answersTo(name) {
				panic(fmt.Sprintf("registry: dialect %q registered twice: by %s and by %s", name, e.by, added.by))
			}
		}
	}
	after := slices.IndexFunc(next, func(e *entry) bool { return e.info.Dialect > added.info.Dialect })
	if after < 0 {
		after = len(next)
	}
	next = slices.Insert(next, after, added) // they are in order
	r.entries.Store(&next)
}

// same reports whether a and b are equal, as far as they can be compared.
func same(a, b Driver) bool { return reflect.ValueOf(a).Comparable() && a == b }

// Lookup returns the driver registered under name, which is a dialect or an alias of one, in upper or lower case.
// The error is a [*MissingDriverError] for a dialect that comes with Patchbay, or was registered as [Absent], but
// whose driver is not in this registry, and an [*UnsupportedDialectError] for any other name.
func (r *Registry) Lookup(name string) (Driver, error) {
	info := r.describe(strings.ToLower(name))
	if info == nil {
		return nil, unsupported(name, r.list())
	}
	// By the dialect: the name may be an alias that the registered driver does not claim itself.
	if e := r.find(info.Dialect); e != nil && !isAbsent(e.driver) {
		return e.driver, nil
	}
	return nil, r.missing(info)
}

// Linked returns the dialects whose drivers are in this registry, sorted by name.
func (r *Registry) Linked() []Info {
	infos := []Info{}
	for _, e := range r.list() {
		if !isAbsent(e.driver) {
			infos = append(infos, e.info.clone())
		}
	}
	return infos
}

// find returns the entry with this dialect or alias, or nil.
func (r *Registry) find(name string) *entry {
	list := r.list()
	i := slices.IndexFunc(list, func(e *entry) bool { return e.info.answersTo(name) })
	if i < 0 {
		return nil
	}
	return list[i]
}

func (r *Registry) list() []*entry {
	if l := r.entries.Load(); l != nil {
		return *l
	}
	return nil
}

// registrant names the function that called Register, such as "example.org/oracle.init.0".
func registrant() string {
	pc, _, _, _ := runtime.Caller(2)
	if f := runtime.FuncForPC(pc); f != nil {
		return f.Name()
	}
	return "an unknown function"
}

func validName(name string) bool {
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return name != ""
}
