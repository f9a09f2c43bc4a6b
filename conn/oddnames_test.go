package conn_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

func TestOddUsersPasswordsAndDatabasesLogIn(t *testing.T) {
	const logins, core = 150, "pw-4c1e-odd"
	secrets.Add(core)
	onEach(t, func(t *testing.T, dialect string) {
		byURL := false
		for cfg := range testuser.Odd(t, starters[dialect](t, testserver.Options{}), logins, core) {
			if byURL = !byURL; byURL {
				cfg = parsed(t, cfg)
			}
			c, _, err := trial(limit(t), t, cfg)
			if err != nil {
				t.Errorf("%q with %q to %q: %v", cfg.User, cfg.Password.Reveal(), cfg.Database, err)
				continue
			}
			testuser.LoggedIn(limit(t), t, c.DB, cfg)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// parsed returns cfg after a way through a URL.
func parsed(t *testing.T, cfg conn.Config) conn.Config {
	t.Helper()
	text := cfg.Dialect + "://" + url.UserPassword(cfg.User, cfg.Password.Reveal()).String() + "@" + addr(cfg) + "/" +
		strings.ReplaceAll(url.PathEscape(cfg.Database), "@", "%40")
	got, err := conn.ParseURL(text)
	if err != nil || !got.Equal(cfg) {
		t.Fatalf("%s is %v, %v; want %v", text, got, err, cfg)
	}
	return got
}
