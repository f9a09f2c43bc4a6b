package network_test

import (
	"errors"
	"fmt"
	"net"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

var errLocked = errors.New("account locked")

// A driver classifies the errors of its own server between certificates and the rest.
func ExampleKind() {
	kindOf := func(err error) registry.Kind {
		kind := network.Kind(err)
		if kind != registry.KindTLS && errors.Is(err, errLocked) {
			return registry.KindAuth
		}
		return kind
	}
	fmt.Println(kindOf(fmt.Errorf("login: %w", errLocked)))
	fmt.Println(kindOf(&net.DNSError{Name: "db.example", IsNotFound: true}))
	// Output:
	// auth
	// unreachable
}

// The zero TLS verifies the server's certificate against the name of the host.
func ExampleTLSConfig() {
	t, err := network.TLSConfig(&registry.Config{Host: "db.example", TLS: &registry.TLS{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.ServerName, t.InsecureSkipVerify)
	// Output: db.example false
}
