// Package testlink runs the examples of a package only where the drivers that they use are linked: examples have no
// build constraint, so that documentation sites show them, and the drivers that they import may be absent.
package testlink

import (
	"flag"
	"fmt"
	"os"

	"github.com/patchbay-go/patchbay/registry"
)

// Examples makes the test binary leave out its examples, and says so, unless the drivers of the dialects are linked.
// TestMain calls it before it runs the tests.
func Examples(dialects ...string) {
	for _, dialect := range dialects {
		_, err := registry.Lookup(dialect)
		if err == nil {
			continue
		}
		fmt.Fprintln(os.Stderr, "examples skipped:", err)
		if err := flag.Set("test.skip", "^Example"); err != nil {
			panic(err) // there is such a flag
		}
		return
	}
}
