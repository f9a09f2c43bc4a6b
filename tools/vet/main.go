// Command vet does for other systems and for 32 bits what go vet does for this one, and for the library as programs get it that are
// outside of this workspace. It has the analyzers of go vet, and checks the types of all that is imported from the source. Go vet has
// it compiled, for each system anew, and needs nothing of that but the types: nine tenths of the time are for the machine code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/analysis/suite/vet"
	"golang.org/x/tools/go/packages"

	"github.com/patchbay-go/patchbay/registry"
)

// target is what go vet itself is not run for.
type target struct {
	name string
	env  []string
	tags string
	list []string // of packages; nil: those of the command line
}

func targets() []target {
	var all []target
	for _, goos := range []string{"windows", "darwin", "linux"} {
		if goos != runtime.GOOS {
			all = append(all, target{name: goos, env: []string{"GOOS=" + goos, "CGO_ENABLED=0"}})
		}
	}
	return append(all,
		target{name: "32 bits", env: []string{"GOARCH=386", "CGO_ENABLED=0"}},
		// The workspace takes the highest version that any of its modules requires.
		target{name: "the library outside the workspace", env: []string{"GOWORK=off"}, tags: registry.TagAll, list: []string{"./..."}},
	)
}

func main() {
	debug.SetMemoryLimit(3 << 30) // it would grow to 4.6 GB between two collections
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, t := range targets() {
		fmt.Println("==== vet for", t.name)
		if err := t.check(ctx, os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "vet for %s: %v\n", t.name, err)
			os.Exit(1)
		}
	}
}

func (t target) check(ctx context.Context, list []string) error {
	if t.list != nil {
		list = t.list
	}
	packs, err := packages.Load(&packages.Config{
		Context:    ctx,
		Mode:       packages.LoadAllSyntax | packages.NeedModule, // the module has the version of the language
		Env:        append(os.Environ(), t.env...),
		BuildFlags: []string{"-tags", t.tags},
		Tests:      true,
	}, list...)
	if err != nil {
		return err
	}
	if packages.PrintErrors(packs) > 0 || len(packs) == 0 {
		return errors.New("it does not compile")
	}
	graph, err := checker.Analyze(vet.Suite, packs, nil)
	if err != nil {
		return err
	}
	for _, action := range graph.Roots {
		if action.Err != nil || len(action.Diagnostics) > 0 {
			return errors.Join(graph.PrintText(os.Stderr, 0), errors.New("see above"))
		}
	}
	return nil
}
