package native_test

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/mysql/native"
	"github.com/patchbay-go/patchbay/registry"
)

func ExampleConfig() {
	config, err := native.Config(registry.Config{
		Dialect: "mysql", Host: "db.example", User: "app", Password: registry.NewSecret("secret"), Database: "shop", TLS: &registry.TLS{},
	}, registry.Env{})
	if err != nil {
		log.Fatal(err)
	}
	config.AllowAllFiles = true // a setting that only the driver has
	fmt.Println(config.Net, config.Addr, config.DBName, config.TLS.ServerName, config.ParseTime, config.Params)

	connector, err := mysql.NewConnector(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := sql.OpenDB(connector).Close(); err != nil {
		log.Fatal(err)
	}
	// Output: tcp db.example:3306 shop db.example true map[time_zone:'+00:00']
}
