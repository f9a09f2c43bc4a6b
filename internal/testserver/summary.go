package testserver

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-go/patchbay/registry"
)

// Fact says what a dialect was tested against.
type Fact struct {
	Dialect   string
	What      string // "private server PostgreSQL 15.18", "skipped: no mariadbd found"
	Processes int    // in how many test processes
}

// String returns the fact as a line of a summary.
func (f Fact) String() string {
	processes := "test process"
	if f.Processes != 1 {
		processes += "es"
	}
	return fmt.Sprintf("%s: %s (%d %s)", f.Dialect, f.What, f.Processes, processes)
}

var reported struct {
	sync.Mutex
	facts map[string]bool
}

// Report records what the tests of this process run a dialect against, in a file in the folder that
// PATCHBAY_TEST_SUMMARY names; without that variable it does nothing. It may be called often and from any
// goroutine. It panics if it cannot write, as a summary with something left out would be worse than none.
func Report(dialect, what string) {
	dir := os.Getenv("PATCHBAY_TEST_SUMMARY")
	line := dialect + "\t" + strings.Join(strings.Fields(what), " ") + "\n"
	reported.Lock()
	defer reported.Unlock()
	if dir == "" || reported.facts[dir+line] {
		return
	}
	name := fmt.Sprintf("%s-%d", filepath.Base(os.Args[0]), os.Getpid())
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = file.WriteString(line)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		panic(fmt.Errorf("report to PATCHBAY_TEST_SUMMARY what was tested: %w", err))
	}
	if reported.facts == nil {
		reported.facts = make(map[string]bool)
	}
	reported.facts[dir+line] = true
}

// ReportLacks records what the conformance suite left out for a dialect, with the reasons.
func ReportLacks[Ability ~string](dialect string, lacks map[Ability]string) {
	for ability, reason := range lacks {
		Report(dialect, fmt.Sprintf("conformance without %s: %s", ability, reason))
	}
}

// ReadSummary returns what all test processes have reported to the folder dir, in the order of
// [registry.Known], with equal facts counted.
func ReadSummary(dir string) ([]Fact, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the summary of the tests: %w", err)
	}
	var facts []Fact
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the summary of the tests: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			dialect, what, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if !found {
				return nil, fmt.Errorf("read the summary of the tests: %s has a line without a tab: %q", entry.Name(), line)
			}
			i := slices.IndexFunc(facts, func(f Fact) bool { return f.Dialect == dialect && f.What == what })
			if i < 0 {
				facts = append(facts, Fact{Dialect: dialect, What: what})
				i = len(facts) - 1
			}
			facts[i].Processes++
		}
	}
	rank := make(map[string]int)
	for i, info := range registry.Known() {
		rank[info.Dialect] = i - len(registry.Known()) // the others have 0 and come last
	}
	slices.SortFunc(facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(rank[a.Dialect], rank[b.Dialect]),
			strings.Compare(a.Dialect, b.Dialect), strings.Compare(a.What, b.What))
	})
	return facts, nil
}
