package checks

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// opener opens what its argument says, in a registry of its own if there is a second one, and prints the error.
const opener = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
IMPORTS
)

func main() {
	var opts []conn.Option
	if len(os.Args) > 2 {
		opts = append(opts, conn.WithRegistry(new(registry.Registry)))
	}
	db, err := conn.OpenURL(context.Background(), os.Args[1], opts...)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("opened", db.Dialect())
	if err := db.Close(); err != nil {
		fmt.Println(err)
	}
}
`

// lister prints what it can open, and why it cannot open the rest.
const lister = `package main

import (
	"encoding/json"
	"os"

	"github.com/patchbay-go/patchbay/registry"
IMPORTS
)

func main() {
	list := struct {
		Known, Linked []registry.Info
		Missing       map[string]string
	}{registry.Known(), registry.Linked(), make(map[string]string)}
	for _, info := range list.Known {
		if _, err := registry.Lookup(info.Dialect); err != nil {
			list.Missing[info.Dialect] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		panic(err)
	}
}
`

// newProgram makes a module of a program that also imports the given packages for their side effects.
func newProgram(t *testing.T, source string, imports ...string) *sandbox.Program {
	t.Helper()
	p := sandbox.New(t)
	writeMain(t, p, source, imports...)
	p.MustGo(t, "mod", "tidy")
	return p
}

func writeMain(t *testing.T, p *sandbox.Program, source string, imports ...string) {
	t.Helper()
	var lines strings.Builder
	for _, path := range imports {
		lines.WriteString("\t_ \"" + path + "\"\n")
	}
	p.Write(t, "main.go", strings.Replace(source, "IMPORTS", lines.String(), 1))
}

// driver is the path of a package below drivers.
func driver(name string) string { return sandbox.Library + "/drivers/" + name }

// run runs a binary, whose exit status does not matter, and returns what it printed.
func run(t *testing.T, p *sandbox.Program, binary string, args ...string) string {
	t.Helper()
	out, err := p.Run(binary, args...)
	if !sandbox.HasRun(err) {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}
