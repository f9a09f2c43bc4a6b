//go:build mage

// The project's own chores; "go tool mage -l" lists them.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/magefile/mage/mg"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// everything is what "./..." would be if it reached into the other modules of go.work.
var everything = []string{"./...", "./manager/otelpool/...", "./manager/prompool/...", "./tools/..."}

// tagSets returns no tag, each single one, and the one for all drivers.
func tagSets() []string {
	sets := []string{""}
	for _, info := range registry.Known() {
		sets = append(sets, info.Tag)
	}
	return append(sets, registry.TagAll)
}

// Test builds and vets for every tag, runs the tests with the race detector, and says what ran against what.
func Test() error {
	start := time.Now()
	mg.SerialDeps(Vet, Unit) // whose summary is to be the last word
	fmt.Println("  fuzzing: only the inputs that are kept; go tool mage fuzz looks for others, at random")
	fmt.Printf("all passed in %s\n", time.Since(start).Round(time.Second))
	return nil
}

// Vet vets, builds for each tag and all tags, and vets for other systems, for 32 bits, and what programs outside the workspace get.
// The tags only choose what is linked.
func Vet() error {
	step("vet")
	if err := run(nil, "go", with("vet", "")...); err != nil {
		return err
	}
	for _, tags := range tagSets() {
		step("build with -tags %q", tags)
		if err := run(nil, "go", with("build", tags)...); err != nil {
			return err
		}
	}
	step("vet for other systems")
	return run(nil, "go", append([]string{"run", "./tools/vet"}, everything...)...)
}

// Unit runs the tests: without a driver, and with all of them under the race detector.
func Unit() (err error) {
	summary, err := os.MkdirTemp("", "patchbay-summary-")
	if err != nil {
		return err
	}
	defer func() {
		if removed := os.RemoveAll(summary); err == nil {
			err = removed
		}
	}()
	step("test without a driver what is different then")
	args := []string{"test", "./registry", "./drivers", "./tools/patchbay"}
	for _, info := range registry.Known() {
		args = append(args, info.Import)
	}
	if err := run(nil, "go", args...); err != nil {
		return err
	}
	step("test with all drivers and the race detector")
	env := []string{"PATCHBAY_TEST_SUMMARY=" + summary}
	// The tests of a package wait for servers and timeouts much of the time, and a process of the race detector ends
	// with a second's sleep: others can run meanwhile.
	atOnce := fmt.Sprint("-p=", 2*runtime.NumCPU())
	failed := run(env, "go", with("test", registry.TagAll, "-race", "-timeout=20m", atOnce)...)
	facts, err := testserver.ReadSummary(summary)
	if err != nil {
		return err
	}
	fmt.Println("\nWhat ran against what:")
	for _, info := range registry.Known() {
		if !slices.ContainsFunc(facts, func(f testserver.Fact) bool { return f.Dialect == info.Dialect }) {
			fmt.Printf("  %s: nothing ran\n", info.Dialect)
		}
	}
	if !slices.ContainsFunc(facts, func(f testserver.Fact) bool { return f.Dialect == testserver.Browser }) {
		fmt.Printf("  %s: nothing ran\n", testserver.Browser)
	}
	for _, fact := range facts {
		fmt.Printf("  %s\n", fact)
	}
	return failed
}

// Fuzz looks for inputs that fail, at random: of the config and of file names for 30 seconds each, of others for 10. What it
// finds it writes into a folder testdata/fuzz, to be kept with the mend.
func Fuzz() error {
	// Found in the source: go test -list would build and link the tests of every package.
	const files = `{{range .TestGoFiles}}{{$.ImportPath}} {{$.Dir}}/{{.}}{{"\n"}}{{end}}` +
		`{{range .XTestGoFiles}}{{$.ImportPath}} {{$.Dir}}/{{.}}{{"\n"}}{{end}}`
	list, err := output("go", with("list", "", "-f", files)...)
	if err != nil {
		return err
	}
	for line := range strings.Lines(list) {
		pkg, file, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		long := "10s"
		if strings.HasSuffix(pkg, "/registry") || strings.HasSuffix(pkg, "/sqlite/internal/sqlite") {
			long = "30s"
		}
		for _, match := range fuzzTarget.FindAllSubmatch(text, -1) {
			target := string(match[1])
			step("%s of %s for %s", target, pkg, long)
			if err := fuzz(target, pkg, long); err != nil {
				return fmt.Errorf("%s of %s: %w", target, pkg, err)
			}
		}
	}
	return nil
}

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(`)

// outOfTime is all that go test says when it is the end of its time that it takes for a failure, of which it finds
// itself guilty on a busy machine until Go 1.27. An input that fails would be told. https://go.dev/issue/75804
var outOfTime = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([\d.]+s\)\n    context deadline exceeded\nFAIL\n`)

func fuzz(target, pkg, long string) error {
	var out strings.Builder
	cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", long, pkg)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &out), os.Stderr
	err := cmd.Run()
	if err != nil && outOfTime.MatchString(out.String()) {
		step("it found nothing: the time was over, https://go.dev/issue/75804")
		return nil
	}
	return err
}

// Lint checks the format with gofumpt, the code with staticcheck and the workflows with actionlint.
func Lint() error {
	step("gofumpt")
	files, err := output("git", "ls-files", "*.go")
	if err != nil {
		return err
	}
	wrong, err := output("go", append([]string{"tool", "gofumpt", "-l"}, strings.Fields(files)...)...)
	if err != nil {
		return err
	}
	if wrong != "" {
		return fmt.Errorf("gofumpt would change:\n%s", wrong)
	}
	step("staticcheck")
	if err := run(nil, "go", append([]string{"tool", "staticcheck"}, everything...)...); err != nil {
		return err
	}
	step("actionlint")
	return run(nil, "go", "tool", "actionlint")
}

// Bench runs the benchmarks that have a budget and prints the ratios.
func Bench() error { return run(nil, "go", "run", "./tools/bench") }

// Slim compares the sizes, contents and start-up of small programs with the same written by hand.
func Slim() error { return run(nil, "go", "run", "./tools/slim") }

// Cross builds for other systems and architectures, which takes ten minutes the first time.
func Cross() error { return run(nil, "go", "run", "./tools/cross") }

// Servers fetches servers of several versions into a cache folder, runs the tests against each, and prints a table. It
// needs the internet the first time, and half an hour.
func Servers() error { return run(nil, "go", "run", "./tools/servers") }

// Vuln looks for known vulnerabilities, which needs the internet.
func Vuln() error {
	return run(nil, "go", append([]string{"tool", "govulncheck"}, everything...)...)
}

func with(verb, tags string, flags ...string) []string {
	args := append([]string{verb, "-tags", tags}, flags...)
	return append(args, everything...)
}

func step(format string, args ...any) { fmt.Printf("== "+format+"\n", args...) }

// run runs a command in view of the reader.
func run(env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
