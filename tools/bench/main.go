// Command bench runs the benchmarks that have a budget, each in the same run as its baseline, and prints the ratios
// against the budgets. It fails where a budget is exceeded.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	measured := make(results)
	for _, g := range groups {
		for range rounds {
			if err := g.run(measured); err != nil {
				return err
			}
		}
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\nwhat\tmeasured\tbaseline\tratio\tbudget\t")
	var wrong []error
	for _, r := range rows {
		line, err := r.judge(measured)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", r.what, err))
		}
		fmt.Fprintln(out, line)
	}
	return errors.Join(append([]error{out.Flush()}, wrong...)...)
}

// results holds the best value of each benchmark in each unit: what disturbs a measurement makes it larger.
type results map[key]float64

type key struct{ name, unit string }

// run adds the results of a group.
func (g group) run(into results) error {
	args := append([]string{"test", "-tags=alldrivers", "-run=^$", "-bench=" + g.benchmarks, "-benchmem"}, g.flags...)
	cmd := exec.Command("go", append(args, g.pkg)...)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&text, os.Stdout), os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w", cmd.Args, err)
	}
	return into.read(text.String())
}

// read takes the results out of what go test printed. https://go.dev/design/14313-benchmark-format
func (m results) read(text string) error {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue // the lines around the results
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("a line of results that cannot be read: %q", line)
			}
			k := key{name, fields[i+1]}
			if best, ok := m[k]; !ok || value < best {
				m[k] = value
			}
		}
	}
	return nil
}

// judge compares one row with its budget and returns it as a line of the table.
func (r row) judge(measured results) (line string, err error) {
	value, ok := measured[key{r.benchmark, r.unit}]
	base, okBase := measured[key{r.baseline, r.unit}]
	against, baseline := "times the baseline", show(base, r.unit)
	if r.baseline == "" {
		base, okBase, against, baseline = 1, true, r.unit, ""
	}
	if !ok || !okBase {
		return r.what + "\tnot measured", fmt.Errorf("no result of %s or %s in %s", r.benchmark, r.baseline, r.unit)
	}
	ratio := 1.0
	if value != base {
		ratio = value / base
	}
	budget := fmt.Sprint(r.budget)
	if r.noise > 0 {
		budget += fmt.Sprintf(" (noise %v)", r.noise)
	}
	var wrong []error
	if !(ratio <= r.budget+r.noise) {
		wrong = append(wrong, fmt.Errorf("%.2f %s, over the budget of %s", ratio, against, budget))
	}
	line = fmt.Sprintf("%s\t%s\t%s\t%.2f\t%s\t", r.what, show(value, r.unit), baseline, ratio, budget)
	if r.noAllocs {
		allocs, ok := measured[key{r.benchmark, "allocs/op"}]
		line += fmt.Sprintf("%v allocs", allocs)
		if !ok || allocs != 0 {
			wrong = append(wrong, fmt.Errorf("%v allocations, want none", allocs))
		}
	}
	return line, errors.Join(wrong...)
}

func show(value float64, unit string) string {
	switch {
	case unit != nanos:
		return fmt.Sprintf("%.4g %s", value, unit)
	case value < 1e3:
		return fmt.Sprintf("%.4g ns", value)
	case value < 1e6:
		return fmt.Sprintf("%.4g µs", value/1e3)
	}
	return fmt.Sprintf("%.4g ms", value/1e6)
}
