package mysql_test

import (
	"fmt"

	"github.com/patchbay-go/patchbay/drivers/mysql"
	"github.com/patchbay-go/patchbay/registry"
)

// A program that keeps its drivers in a Registry of its own registers each by name.
func ExampleDriver() {
	var r registry.Registry
	r.Register(mysql.Driver())
	for _, info := range r.Linked() {
		fmt.Println(info.Dialect, info.Port, info.Module)
	}
	// Output: mysql 3306 github.com/go-sql-driver/mysql
}
