package mssql_test

import (
	"fmt"

	"github.com/patchbay-go/patchbay/drivers/mssql"
	"github.com/patchbay-go/patchbay/registry"
)

// A config is checked before anything is dialed. Programs leave this to conn.Open.
func ExampleDriver() {
	cfg, err := registry.ParseURL("mssql://app:secret@db.example/shop?instance=SALES&strict=true")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg)
	_, err = mssql.Driver().Connector(cfg, registry.Env{})
	fmt.Println(err)
	// Output:
	// mssql://app:[redacted]@db.example/shop?instance=SALES&strict=true
	// config: params.strict is set without ssl: set ssl=true as well
}
