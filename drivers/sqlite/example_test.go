//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite_test

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/patchbay-go/patchbay/drivers/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

func ExampleDriver() {
	connector, err := sqlite.Driver().Connector(registry.Config{
		Dialect:  "sqlite",
		Filename: "testdata/made-by-sqlite3.db",
		Params:   map[string]string{"mode": "ro"},
	}, registry.Env{})
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()

	var name string
	if err := db.QueryRow("select name from city order by area desc").Scan(&name); err != nil {
		log.Fatal(err)
	}
	fmt.Println(name)
	// Output: Brasília
}
