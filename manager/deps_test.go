package manager_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestLinksNoDriverAndNoTLS(t *testing.T) {
	out, err := exec.Command("go", "list", "-tags=alldrivers", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, dep := range []string{
		"crypto/tls", "log/slog", "github.com/jackc/pgx/v5", "github.com/go-sql-driver/mysql", "modernc.org/sqlite",
		"github.com/microsoft/go-mssqldb",
	} {
		if slices.Contains(deps, dep) {
			t.Errorf("depends on %s", dep)
		}
	}
	if !slices.Contains(deps, "github.com/patchbay-go/patchbay/conn") {
		t.Errorf("this is not the list of dependencies: %s", deps)
	}
}
