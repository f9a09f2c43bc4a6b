package testdriver

import (
	"context"
	"database/sql/driver"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// AtLogin returns err as a login of the driver returns it that fails with it.
func (d Driver) AtLogin(err error) error {
	_, err = network.LogIn(context.Background(), &registry.Config{}, registry.Env{}, d.Diagnose,
		func(context.Context, registry.Login) (driver.Conn, error) { return nil, err })
	return err
}
