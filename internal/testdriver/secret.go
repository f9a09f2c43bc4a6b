package testdriver

import (
	"context"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/registry"
)

// Secrets are those of all tests of a driver. What these tests see is searched for every one of them.
var Secrets testsecret.Watch

// See fails the test if a secret is in v.
func See(t testing.TB, v any) {
	t.Helper()
	if where := Secrets.See(v); where != "" {
		t.Errorf("a secret is in a %T, at %s", v, where)
	}
}

// SeeShown is See for what has to hold a secret, and must not show it.
func SeeShown(t testing.TB, v any) {
	t.Helper()
	if how := Secrets.Shown(v); how != "" {
		t.Errorf("a secret shows in %s of a %T", how, v)
	}
}

// hideAnswers has every password that is asked for searched for as well.
func hideAnswers(env registry.Env) registry.Env {
	if ask := env.Credentials; ask != nil {
		env.Credentials = func(ctx context.Context, refused bool) (registry.Login, error) {
			login, err := ask(ctx, refused)
			Secrets.Add(login.Password.Reveal())
			return login, err
		}
	}
	return env
}
