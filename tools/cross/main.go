// Command cross builds the library and the patchbay command for the systems and architectures that programs run
// on, with no tag and with all of them, on Linux with each one too, and prints how large the command is and whether
// it carries the database modules that it should. Where SQLite's module does not build, it runs the command, which
// has to say so. It needs no C compiler, and ten minutes on two cores where nothing is in the build cache yet.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
	"github.com/patchbay-go/patchbay/tools/internal/wasip1"
)

var (
	systems       = []string{"linux", "darwin", "windows", "freebsd"}
	architectures = []string{"amd64", "arm64"}
)

const command = sandbox.Library + "/tools/patchbay"

func main() {
	// An interrupt ends the go command that is running; what is left then is removed.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cross:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	packages, err := library()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "patchbay-cross-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c := cross{append(packages, command), dir}

	tagSets := []string{"", registry.TagAll}
	for _, info := range registry.Known() {
		tagSets = append(tagSets, info.Tag)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "size in MB with -tags\tnone\t"+strings.Join(tagSets[1:], "\t")+"\t")
	var wrong []error
	row := func(goos, goarch string, tagSets []string) {
		line := goos + "/" + goarch
		for _, tags := range tagSets {
			if ctx.Err() != nil {
				return
			}
			size, err := c.build(goos, goarch, tags)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s/%s with -tags=%s: %w", goos, goarch, tags, err))
				line += "\tfailed"
				continue
			}
			line += fmt.Sprintf("\t%.1f", float64(size)/1e6)
		}
		fmt.Fprintln(out, line+"\t")
	}
	for _, goos := range systems {
		for _, goarch := range architectures {
			if goos == "linux" {
				row(goos, goarch, tagSets)
			} else {
				row(goos, goarch, tagSets[:2])
			}
		}
	}
	row("linux", "386", tagSets[:2]) // where int has 32 bits
	row(wasip1.GOOS, wasip1.GOARCH, tagSets[:2])
	words, err := wasip1.Run(ctx, c.binary(wasip1.GOOS, wasip1.GOARCH, registry.TagAll), "ping", "sqlite::memory:")
	if want := "missing driver for sqlite: its database module does not support the platform wasip1/wasm"; err == nil && !strings.Contains(words, want) {
		err = fmt.Errorf("the command says %q on wasip1/wasm, not %q", words, want)
	}
	wrong = append(wrong, out.Flush(), err)
	fmt.Printf("\nwasip1/wasm says: %s", words)
	return errors.Join(wrong...)
}

// library returns the packages that programs may import.
func library() ([]string, error) {
	out, err := exec.Command("go", "list", sandbox.Library+"/...").Output()
	if err != nil {
		return nil, fmt.Errorf("list the library: %w", err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(path string) bool {
		return strings.Contains(path, "/internal/") || strings.HasPrefix(path, sandbox.Library+"/tools/")
	}), nil
}

type cross struct {
	packages []string
	dir      string
}

func (c cross) binary(goos, goarch, tags string) string {
	return filepath.Join(c.dir, strings.Join([]string{goos, goarch, tags}, "-"), "patchbay")
}

// build builds everything and returns the size of the command.
func (c cross) build(goos, goarch, tags string) (size int64, err error) {
	binary := c.binary(goos, goarch, tags)
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-tags=" + tags, "-o", filepath.Dir(binary) + string(filepath.Separator)}
	cmd := exec.Command("go", append(args, c.packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, err
	}
	if goos == "windows" {
		binary += ".exe"
	}
	file, err := os.Stat(binary)
	if err != nil {
		return 0, err
	}
	if goarch == wasip1.GOARCH { // package buildinfo cannot read its format
		return file.Size(), nil
	}
	return file.Size(), check(binary, tags)
}

// check compares the database modules in a binary with those that the tags ask for.
func check(binary, tags string) error {
	var want []string
	for _, info := range registry.Known() {
		if tags == info.Tag || tags == registry.TagAll {
			want = append(want, info.Module)
		}
	}
	slices.Sort(want)
	got, err := sandbox.DatabaseModules(binary)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("carries the database modules %q, want %q", got, want)
	}
	return err
}
