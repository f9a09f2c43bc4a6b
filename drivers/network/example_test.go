package network_test

import (
	"errors"
	"fmt"
	"net"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// locked is an error of a server.
type locked struct{}

func (locked) Error() string { return "account locked" }

// A driver has a table for what its server says and what the database driver says. The network and TLS are known.
func ExampleTable() {
	table := network.Table{
		Read: func(err error) (network.Message, bool) {
			said, ok := errors.AsType[locked](err)
			return network.Message{Codes: []string{"L01"}, Text: said.Error()}, ok
		},
		Codes: []network.Code{{Codes: "L01 L02", Kind: registry.KindAuth, Hint: "have the account unlocked"}},
	}
	fmt.Printf("%+v\n", table.Diagnose(fmt.Errorf("login: %w", locked{})))
	fmt.Println(table.Diagnose(&net.DNSError{Name: "db.example", IsNotFound: true}).Kind)
	// Output:
	// {Kind:auth Code:L01 Hint:have the account unlocked Permanent:false Constraint:}
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
