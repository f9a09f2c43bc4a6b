package native_test

import (
	"fmt"

	"github.com/patchbay-go/patchbay/drivers/mssql/native"
	"github.com/patchbay-go/patchbay/registry"
)

func ExampleConfig() {
	config, err := native.Config(registry.Config{
		Dialect: "mssql",
		DSN:     registry.NewSecret("Server=tcp:db.example,1433;Initial Catalog=shop;User ID=app;Password=secret;Encrypt=True"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	config.KeepAlive = 0 // a setting that only the driver has
	fmt.Println(config.Host, config.Port, config.Database, config.TLSConfig.ServerName)
	// Output: db.example 1433 shop db.example
}
