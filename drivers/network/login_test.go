package network_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// A8: the conformance suite has a driver do the same, after a refusal.
func TestCredentialsWithoutAUserKeepThatOfTheConfig(t *testing.T) {
	env := registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) {
		return registry.Login{Password: registry.NewSecret("pw of app")}, nil
	}}
	_, err := network.LogIn(t.Context(), &registry.Config{User: "app"}, env, network.Diagnose, func(_ context.Context, who registry.Login) (driver.Conn, error) {
		if who.User != "app" || who.Password.Reveal() != "pw of app" {
			t.Errorf("it logs in as %q", who.User)
		}
		return nil, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLoginSaysTellsWhereAnErrorComesFrom(t *testing.T) {
	cause := errors.New("protocol error")
	match := func(err error) bool { return network.LoginSays(err, "protocol error") }
	if match(cause) || match(nil) {
		t.Error("an error from elsewhere matches")
	}
	err := atLogin(cause)
	if !match(err) || !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("%v of a login does not match, or is not the error any more", err)
	}
}
