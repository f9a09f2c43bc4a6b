// Command slim shows what Patchbay adds to a program: for no driver, each one and all of them it builds a small
// program through Patchbay and by hand, runs both, and compares their sizes with the budget, their start-up, and
// the database modules that they carry. It fails where a program is too large or carries the wrong modules.
//
// Both programs do the same: open a pool with bounds, again where that may help, with TLS as the environment has it,
// and ask for the version. By hand, MySQL and SQLite are opened by a DSN, as in the tutorials, the others by a
// connector.
package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// budget is how much larger a program with one driver may be than the one written by hand. That one knows one host and no
// roles, outlives no driver that panics or hangs, stops nothing on the server, knows no kinds of failure, counts nothing for
// operators and reads no other connection strings.
func budget(v variant) float64 {
	if v.name == "mysql" { // the smallest of the drivers, beside which the same code weighs most
		return 1.10
	}
	return 1.08
}

//go:embed byhand patchbay
var sources embed.FS

func main() {
	// An interrupt ends the go command that is running; what is left then is removed.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "slim:", err)
		os.Exit(1)
	}
}

// variant is a choice of drivers.
type variant struct {
	name, tags string
	drivers    []registry.Info
}

func variants() []variant {
	all := registry.Known()
	list := []variant{{name: "none"}}
	for _, info := range all {
		list = append(list, variant{info.Dialect, info.Tag, []registry.Info{info}})
	}
	return append(list, variant{"all", registry.TagAll, all})
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "patchbay-slim-")
	if err != nil {
		return err
	}
	proxy, err := sandbox.NewProxy()
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, proxy.Close(), os.RemoveAll(dir)) }()

	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "drivers\tby hand\tPatchbay\tratio\tbudget\tstart by hand\tstart Patchbay\tdatabase modules\t")
	var wrong []error
	for _, v := range variants() {
		if ctx.Err() != nil {
			wrong = append(wrong, context.Cause(ctx))
			break
		}
		row, err := compare(proxy, filepath.Join(dir, v.name), v)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", v.name, err))
		}
		fmt.Fprintln(out, cmp.Or(row, v.name+"\t"))
	}
	return errors.Join(append([]error{out.Flush()}, wrong...)...)
}

// compare builds and runs both programs and returns the row of the table.
func compare(proxy *sandbox.Proxy, dir string, v variant) (row string, err error) {
	var files []string
	servers := false
	for _, info := range v.drivers {
		files = append(files, "byhand/"+info.Dialect+".go.txt")
		servers = servers || !info.Files
	}
	if servers {
		files = append(files, "byhand/tls.go.txt")
	}
	byHand, err := build(proxy, filepath.Join(dir, "byhand"), "", append(files, "byhand/main.go.txt")...)
	if err != nil {
		return "", err
	}
	ours, err := build(proxy, filepath.Join(dir, "patchbay"), v.tags, "patchbay/main.go.txt")
	if err != nil {
		return "", err
	}
	ratio := float64(ours.size) / float64(byHand.size)
	limit := "-"
	var wrong []error
	if len(v.drivers) == 1 {
		limit = fmt.Sprint(budget(v))
		if ratio > budget(v) {
			wrong = append(wrong, fmt.Errorf("%.4f of the size of the program written by hand, over the budget of %v", ratio, budget(v)))
		}
	}
	var want []string
	for _, info := range v.drivers {
		want = append(want, info.Module)
	}
	slices.Sort(want)
	if !slices.Equal(ours.modules, want) {
		wrong = append(wrong, fmt.Errorf("carries the database modules %q, want %q", ours.modules, want))
	}
	theirs, mine, err := startUp(byHand.path, ours.path, dir, v)
	row = fmt.Sprintf("%s\t%d\t%d\t%.4f\t%s\t%v\t%v\t%s\t", v.name, byHand.size, ours.size, ratio, limit,
		theirs.Round(100*time.Microsecond), mine.Round(100*time.Microsecond), cmp.Or(strings.Join(ours.modules, " "), "none"))
	return row, errors.Join(append(wrong, err)...)
}

// program is a binary that was built.
type program struct {
	path    string
	size    int64
	modules []string // the database modules in it, sorted
}

func build(proxy *sandbox.Proxy, dir, tags string, files ...string) (p program, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return p, err
	}
	for _, name := range files {
		text, err := sources.ReadFile(name)
		if err != nil {
			return p, err
		}
		if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".txt")), text, 0o644); err != nil {
			return p, err
		}
	}
	module := proxy.Folder(dir)
	p.path = filepath.Join(dir, "program")
	for _, args := range [][]string{
		{"mod", "init", "example.org/program"},
		{"mod", "edit", "-require=" + sandbox.Library + "@" + proxy.Version()}, // for the versions of its drivers
		{"mod", "tidy"},
		{"build", "-ldflags=-s -w", "-tags=" + tags, "-o", p.path, "."},
	} {
		if out, err := module.Go(args...); err != nil {
			return p, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	file, err := os.Stat(p.path)
	if err != nil {
		return p, err
	}
	p.size = file.Size()
	p.modules, err = sandbox.DatabaseModules(p.path)
	return p, err
}
