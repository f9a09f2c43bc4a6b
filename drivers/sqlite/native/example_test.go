package native_test

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/registry"
)

func ExampleURI() {
	uri, err := native.URI(registry.Config{
		Dialect: "sqlite", Filename: "../internal/sqlite/testdata/made-by-sqlite3.db",
		Params: map[string]string{"mode": "ro"}, Session: map[string]string{"cache_size": "-4000"},
	})
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("sqlite", uri) // the driver of modernc.org/sqlite
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	var pages int
	if err := db.QueryRow("pragma cache_size").Scan(&pages); err != nil {
		log.Fatal(err)
	}
	fmt.Println(pages)
	// Output: -4000
}
