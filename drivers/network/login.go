package network

import (
	"context"
	"database/sql/driver"

	"github.com/patchbay-go/patchbay/registry"
)

// LogIn connects with the login that env.Credentials gives, or with that of the config. Where the server refuses a
// login of env.Credentials, as diagnose tells, it asks for another one and tries again, once and only if that
// differs: a password may have been changed in between, and repeating a wrong one can lock the account.
func LogIn(
	ctx context.Context, cfg *registry.Config, env registry.Env, diagnose func(error) registry.Diagnosis,
	connect func(context.Context, registry.Login) (driver.Conn, error),
) (driver.Conn, error) {
	if env.Credentials == nil {
		return connect(ctx, registry.Login{User: cfg.User, Password: cfg.Password})
	}
	ask := func(refused bool) (registry.Login, error) {
		login, err := env.Credentials(ctx, refused)
		if login.User == "" {
			login.User = cfg.User
		}
		return login, err
	}
	login, err := ask(false)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, login)
	if err == nil || ctx.Err() != nil || diagnose(err).Kind != registry.KindAuth {
		return conn, err
	}
	other, wrong := ask(true)
	if wrong != nil || other.User == login.User && other.Password.Equal(login.Password) {
		return nil, err // which says more than that there is no other login
	}
	return connect(ctx, other)
}
