package network

import (
	"cmp"
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
) (conn driver.Conn, err error) {
	login := registry.Login{User: cfg.User, Password: cfg.Password}
	for refused := false; ; refused = true {
		if env.Credentials != nil {
			next, wrong := env.Credentials(ctx, refused)
			next.User = cmp.Or(next.User, cfg.User)
			switch {
			case !refused && wrong != nil:
				return nil, wrong
			case refused && (wrong != nil || next.User == login.User && next.Password.Equal(login.Password)):
				return nil, err // which says more than that there is no other login
			}
			login = next
		}
		if conn, err = logIn(ctx, login); err == nil {
			return conn, nil
		}
		err = &loginError{err}
		if refused || env.Credentials == nil || ctx.Err() != nil || diagnose(err).Kind != registry.KindAuth {
			return conn, err
		}
	}
}

// loginError marks what a driver returned when it logged in. Its text is that of the error.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }
