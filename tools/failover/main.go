// Command failover promotes a PostgreSQL standby under load, with the old primary stopped, frozen, cut off and fenced,
// and prints what becomes of the writers of Patchbay, of pgx over database/sql and of pgxpool: the table of
// docs/failover.md. It takes two minutes.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		os.Exit(1)
	}
}

func run() error {
	cmd := exec.Command("go", "test", "github.com/patchbay-go/patchbay/conn", "-run", "^(TestPostgresFailover|TestFailoverOfOthers)$", "-count=1", "-v")
	cmd.Env = append(os.Environ(), "PATCHBAY_TEST_FAILOVER=all")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "old primary\tclient\tuntil a write succeeds\tfailed until then\tfailed later\tconnections to the old primary")
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if _, row, ok := strings.Cut(lines.Text(), "failover: "); ok {
			fmt.Fprintln(table, strings.ReplaceAll(row, " | ", "\t"))
		}
	}
	return table.Flush()
}
