package checks

import (
	"regexp"
	"strings"
	"testing"
)

// The snippets of the README on named connections and events, put into a program as they stand, do what is said of
// them.
func TestSnippetsOfTheReadme(t *testing.T) {
	t.Parallel()
	text := readme(t)
	p := newProgram(t, `package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
IMPORTS)

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, nil)))
	ctx := context.Background()
	cfg, _ := conn.ParseURL("sqlite::memory:")
`+blocks(section(t, text, "A program"), "go")[1]+`
	again, same := m.Get(ctx, "orders", cfg)
	fmt.Println(err, same, db == again)
}
`, driver("sqlite"))
	out := run(t, p, p.Build(t, "sqlite"))
	for _, want := range []string{`(?m)^time=\S+ level=INFO .*connection:open.* name=orders`, `(?m)^<nil> <nil> true$`, `connection:close.* name=orders`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the program prints\n%s\nwithout %s", strings.TrimSpace(out), want)
		}
	}
}
