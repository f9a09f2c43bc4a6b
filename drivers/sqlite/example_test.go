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
		Filename: "internal/sqlite/testdata/made-by-sqlite3.db",
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
