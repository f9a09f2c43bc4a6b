package network

import (
	"context"
	"database/sql/driver"

	"github.com/patchbay-go/patchbay/registry"
)

// LogIn connects, by logIn, with the login that env.Credentials gives, or with that of the config. Where the server refuses a
// login of env.Credentials, as diagnose tells, it asks for another one and tries again, once and only if that
// differs: a password may have been changed in between, and repeating a wrong one can lock the account. [LoginSays] tells the
// errors of logIn from others.
func LogIn(
	ctx context.Context, cfg *registry.Config, env registry.Env, diagnose func(error) registry.Diagnosis,
	logIn func(context.Context, registry.Login) (driver.Conn, error),
) (driver.Conn, error) {
	connect := func(login registry.Login) (driver.Conn, error) {
		conn, err := logIn(ctx, login)
		if err != nil {
			err = &loginError{err}
		}
		return conn, err
	}
	ask := func(refused bool) (registry.Login, error) {
		login, err := env.Credentials(ctx, refused)
		if login.User == "" {
			login.User = cfg.User
		}
		return login, err
	}
	login := registry.Login{User: cfg.User, Password: cfg.Password}
	if env.Credentials != nil {
		var err error
		if login, err = ask(false); err != nil {
			return nil, err
		}
	}
	conn, err := connect(login)
	if err == nil || env.Credentials == nil || ctx.Err() != nil || diagnose(err).Kind != registry.KindAuth {
		return conn, err
	}
	other, wrong := ask(true)
	if wrong != nil || other.User == login.User && other.Password.Equal(login.Password) {
		return nil, err // which says more than that there is no other login
	}
	return connect(other)
}

// loginError marks what a driver returned when it logged in. Its text is that of the error.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }
