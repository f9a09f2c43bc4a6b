package conn_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/observer"
)

// F8: they are skipped where there is no server. The other tests search what they see as well; here are the secrets that they have no use for.
func TestNoSecretShows(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		before := secrets.Seen()
		s := starters[dialect](t, testserver.Options{})
		token := rand.Text()
		secrets.Add(token)
		credentials := func(password string, err error) conn.Option {
			return conn.WithCredentials(func(context.Context, conn.LoginRequest) (conn.Login, error) {
				return conn.Login{User: s.User, Password: conn.NewSecret(password)}, err
			})
		}
		stranger := s.CA.Client("stranger")
		with := func(change func(*conn.Config)) conn.Config {
			cfg := s.Config()
			cfg.Password, cfg.TLS = conn.NewSecret(rand.Text()+`:@/?#%;&'"\ `), s.TLS()
			change(&cfg)
			return cfg
		}
		for name, c := range map[string]struct {
			cfg  conn.Config
			opts []conn.Option
			kind conn.Kind // unknown: it opens
		}{
			"password":            {with(func(*conn.Config) {}), nil, conn.KindAuth},
			"token":               {with(func(*conn.Config) {}), []conn.Option{credentials(token, nil)}, conn.KindAuth},
			"token without TLS":   {with(func(cfg *conn.Config) { cfg.TLS = nil }), []conn.Option{credentials(token, nil)}, conn.KindAuth},
			"token with error":    {with(func(*conn.Config) {}), []conn.Option{credentials(token, errors.New("the vault is sealed"))}, conn.KindUnknown},
			"right token":         {with(func(*conn.Config) {}), []conn.Option{credentials(s.Password, nil)}, conn.KindUnknown},
			"key":                 {with(func(cfg *conn.Config) { cfg.TLS.Cert, cfg.TLS.Key = stranger.Cert, conn.NewSecret(stranger.Key) }), nil, conn.KindAuth},
			"key of another":      {with(func(cfg *conn.Config) { cfg.TLS.Cert, cfg.TLS.Key = s.Client.Cert, conn.NewSecret(stranger.Key) }), nil, conn.KindConfig},
			"key that is broken":  {with(func(cfg *conn.Config) { cfg.TLS.Cert, cfg.TLS.Key = stranger.Cert, conn.NewSecret(stranger.Key[:120]) }), nil, conn.KindConfig},
			"key as certificate":  {with(func(cfg *conn.Config) { cfg.TLS.Cert, cfg.TLS.Key = "-----BEGIN", conn.NewSecret(stranger.Key) }), nil, conn.KindConfig},
			"password in params":  {with(func(cfg *conn.Config) { cfg.Params = map[string]string{"password": cfg.Password.Reveal()} }), nil, conn.KindConfig},
			"password in host":    {with(func(cfg *conn.Config) { cfg.Host = "app:" + cfg.Password.Reveal() + "@" + cfg.Host }), nil, conn.KindConfig},
			"pool that is warmed": {with(func(cfg *conn.Config) { cfg.Pool.Min = 3 }), []conn.Option{credentials(s.Password, nil)}, conn.KindUnknown},
		} {
			db, _, err := trial(limit(t), t, c.cfg, c.opts...)
			if conn.KindOf(err) != c.kind {
				t.Errorf("%s: got the kind %q: %v", name, conn.KindOf(err), err)
			}
			for _, v := range []any{c.cfg, &c.cfg, db, fmt.Sprint(c.opts)} {
				if how := secrets.Shown(v); how != "" {
					t.Errorf("%s: a secret shows in %s of a %T", name, how, v)
				}
			}
		}
		for _, form := range []string{"%s://u:%s/x@h/d", "%s://u:%s@x@h/d", "%s://h/d?password=%s", "%s://h:%s/d"} {
			_, err := conn.OpenURL(limit(t), fmt.Sprintf(form, dialect, token), conn.WithObserver(nil))
			if conn.KindOf(err) != conn.KindConfig {
				t.Errorf("%s: got %v", form, err)
			}
			see(t, err)
		}
		if n := secrets.Seen() - before; n < 50 {
			t.Errorf("only %d values were searched", n)
		}
	})
}

// The search would be worth nothing if it found nothing.
func TestALeakIsFound(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		planted := rand.Text()
		secrets.Add(planted)
		r := record(t)
		cfg := as(servers[dialect](t).Config(), "nobody", planted)
		_, err := conn.Open(limit(t), retrying(cfg, quick), conn.WithObserver(r.bus),
			conn.WithCredentials(func(context.Context, conn.LoginRequest) (conn.Login, error) {
				return conn.Login{}, fmt.Errorf("the vault does not take %s: %w", planted, context.DeadlineExceeded)
			}))
		if err == nil || secrets.See(err) == "" {
			t.Errorf("what was planted in %v was not found", err)
		}
		if failed := of[conn.Failed](r); len(failed) != 1 || secrets.See(failed[0]) == "" {
			t.Errorf("what was planted in the events %v was not found", r.names())
		}
		var found []string
		for _, v := range []any{"the password is " + planted, cfg.Password.Reveal(), struct{ hidden string }{planted}, observer.Error{Err: errors.New(planted)}} {
			found = append(found, secrets.See(v))
		}
		if strings.Join(found, " ") != "%v %v %v %v" {
			t.Errorf("what was planted was found by %q", found)
		}
	})
}
