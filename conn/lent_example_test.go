package conn_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mssql"
	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// sqlServer starts what speaks like a SQL Server, in this process.
func sqlServer(user, password string) *tdstest.Server {
	s, err := tdstest.New(tdstest.Options{User: user, Password: password, Databases: []string{"shop"}})
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// The database is in another network, where a bastion is that forwards connections. With an *ssh.Client of
// golang.org/x/crypto/ssh that is logged in there, the dialer is client.DialContext.
func ExampleWithDialer() {
	server := sqlServer("app", "pw of app")
	defer server.Close()
	tunnel := func(ctx context.Context, network, addr string) (net.Conn, error) {
		fmt.Println("dial", network, addr) // the name as it is in the config: the other end knows it
		return new(net.Dialer).DialContext(ctx, network, server.Addr())
	}

	ctx := context.Background()
	cfg := conn.Config{Dialect: "mssql", Host: "db.internal", User: "app", Password: conn.NewSecret("pw of app"), Database: "shop"}
	db, err := conn.Open(ctx, cfg, conn.WithDialer(tunnel))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.PingContext(ctx))
	// Output:
	// dial tcp db.internal:1433
	// <nil>
}

// The password changes while the pool is open. Connections that are open stay so, and new ones log in with the
// new one.
func ExampleWithCredentials() {
	password := "pw of Monday" // as a vault has it; a token of a cloud is fetched in the same way
	server := sqlServer("app", password)
	defer server.Close()
	ask := func(context.Context, conn.LoginRequest) (conn.Login, error) {
		fmt.Println("asked")
		return conn.Login{User: "app", Password: conn.NewSecret(password)}, nil
	}

	ctx := context.Background()
	cfg := conn.Config{Dialect: "mssql", Host: "127.0.0.1", Port: server.Port(), Database: "shop"}
	db, err := conn.Open(ctx, cfg, conn.WithCredentials(ask))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	password = "pw of Tuesday"
	server.Configure(func(o *tdstest.Options) { o.Password = password })
	for range 2 { // two at the same time: the one that Open has made, and another
		c, err := db.Conn(ctx)
		if err != nil {
			log.Fatal(err)
		}
		defer c.Close()
		fmt.Println(c.PingContext(ctx))
	}
	// Output:
	// asked
	// <nil>
	// asked
	// <nil>
}
