// Package registry is the contract between the database drivers and those who open databases: the [Config], the
// [Driver] that understands one dialect of it, the [Kind] of a failure, and the list of the drivers that are
// linked into the program. Driver packages register here from init; package conn looks them up. It imports no
// driver, does no I/O and knows nothing of pools.
package registry

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// Registry is a list of drivers by name. The zero value is empty and ready to use. Its methods may be called
// concurrently; Lookup takes no lock. A Registry must not be copied after first use.
type Registry struct {
	mu   sync.Mutex // serializes writers
	list atomic.Pointer[list]
}

// list is sorted by dialect, and never changed once it is in a Registry.
type list []*entry

type entry struct {
	info   Info
	driver Driver
	by     string // who registered it, for the panic of whoever comes second
}

// named returns the entry with this dialect or alias, or nil.
//
//go:noinline
func (l list) named(name string) *entry {
	for _, e := range l {
		if e.info.answersTo(name) {
			return e
		}
	}
	return nil
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

// Register adds d under its dialect and aliases. It panics, naming both sides, when one of the names is
// taken, and when a name is not one that a URL can start with: lower-case letters, digits, "+", "-", ".".
func (r *Registry) Register(d Driver) { r.register(d, registrant()) }

func (r *Registry) register(d Driver, by string) {
	if d == nil {
		panic("registry: Register of a nil Driver by " + by)
	}
	info := d.Info()
	info.own()
	e := &entry{info, d, fmt.Sprintf("%T of %s", d, by)}

	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.snapshot()
	names := e.info.names()
	for i, name := range names {
		first := old.named(name)
		if slices.Contains(names[:i], name) {
			first = e
		}
		if first != nil {
			panic(fmt.Sprintf("registry: dialect %q registered twice: by %s and by %s", name, first.by, e.by))
		}
		if !validName(name) {
			panic(fmt.Sprintf("registry: %q of %s is not a name that a URL can start with", name, e.by))
		}
	}
	next := append(old[:len(old):len(old)], e) // a copy
	for i := len(next) - 1; i > 0 && next[i].info.Dialect < next[i-1].info.Dialect; i-- {
		next[i], next[i-1] = next[i-1], next[i]
	}
	r.list.Store(&next)
}

// Lookup returns the driver registered under name, which is a dialect or an alias of one. The error is a
// [*MissingDriverError] for a dialect that comes with Patchbay but is not in this registry, and an
// [*UnsupportedDialectError] for any other name.
func (r *Registry) Lookup(name string) (Driver, error) {
	linked := r.snapshot()
	if e := linked.named(name); e != nil {
		return e.driver, nil
	}
	info := describe(name)
	if info == nil {
		return nil, unsupported(name, linked)
	}
	// The name may be an alias that a driver registered under the dialect does not claim itself.
	if e := linked.named(info.Dialect); e != nil {
		return e.driver, nil
	}
	return nil, r.missing(info)
}

// Linked returns the dialects in this registry, sorted by name.
func (r *Registry) Linked() []Info {
	linked := r.snapshot()
	infos := make([]Info, len(linked))
	for i, e := range linked {
		infos[i] = e.info
		infos[i].own()
	}
	return infos
}

// Known returns what the function [Known] returns.
func (r *Registry) Known() []Info { return Known() }

func (r *Registry) snapshot() list {
	if l := r.list.Load(); l != nil {
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

// names and its like are not inlined: everywhere they are called, their code would be larger than the call.
//
//go:noinline
func (i *Info) names() []string { return append([]string{i.Dialect}, i.Aliases...) }

//go:noinline
func (i *Info) answersTo(name string) bool {
	return name == i.Dialect || slices.Contains(i.Aliases, name)
}

// own replaces what i shares with the Info that it is a copy of.
//
//go:noinline
func (i *Info) own() { i.Aliases = slices.Clone(i.Aliases) }

//go:noinline
func quote(s string) string { return strconv.Quote(s) }
