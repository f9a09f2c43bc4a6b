package credentials_test

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/registry"
)

// A token of a cloud is fetched once for all connections, and anew before it expires.
func ExampleCached() {
	fetch := func(context.Context, credentials.Request) (registry.Login, error) {
		fmt.Println("fetched")
		return registry.Login{Password: registry.NewSecret("token"), Expires: time.Now().Add(15 * time.Minute)}, nil
	}
	ask := credentials.Cached(fetch)
	for range 3 { // as conn.WithCredentials does for each physical connection
		login, err := ask(context.Background(), credentials.Request{Config: registry.Config{Dialect: "postgres", User: "app"}})
		fmt.Println(login.Password, err)
	}
	// Output:
	// fetched
	// [redacted] <nil>
	// [redacted] <nil>
	// [redacted] <nil>
}
