package conn_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"log"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite"
)

// fixed is a connector as a driver, for libraries that wrap a driver.Driver.
type fixed struct{ driver.Connector }

func (f fixed) Open(string) (driver.Conn, error)               { return f.Connect(context.Background()) }
func (f fixed) OpenConnector(string) (driver.Connector, error) { return f.Connector, nil }

// withDriver lets wrap put a driver of its own around that of the dialect.
func withDriver(wrap func(driver.Driver) driver.Driver) conn.Option {
	return conn.WithConnector(func(inner driver.Connector) driver.Connector {
		outer, err := wrap(fixed{inner}).(driver.DriverContext).OpenConnector("")
		if err != nil {
			log.Fatal(err) // fixed has none
		}
		return outer
	})
}

// traced stands for such a library.
type traced struct{ inner driver.DriverContext }

func trace(inner driver.Driver) driver.Driver { return traced{inner.(driver.DriverContext)} }

func (t traced) Open(string) (driver.Conn, error) { return nil, driver.ErrSkip }

func (t traced) OpenConnector(name string) (driver.Connector, error) {
	inner, err := t.inner.OpenConnector(name)
	return tracedConnector{inner, t}, err
}

type tracedConnector struct {
	driver.Connector
	parent driver.Driver
}

func (c tracedConnector) Driver() driver.Driver { return c.parent }

func (c tracedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	fmt.Println("connect")
	return c.Connector.Connect(ctx)
}

// Libraries for tracing and metrics wrap a connector, which is an option as it is, or a driver: withDriver of this
// example fits those.
func ExampleWithConnector() {
	ctx := context.Background()
	db, err := conn.OpenURL(ctx, "sqlite::memory:", withDriver(trace))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.PingContext(ctx))
	// Output:
	// connect
	// <nil>
}
