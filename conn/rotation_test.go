package conn_test

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

// vault has the password that is right at the moment.
type vault struct {
	change   sync.RWMutex // held by logins under way: one that began with the old password would fail
	password atomic.Pointer[string]
	logins   atomic.Int32 // with the password
}

func (v *vault) ask(user string) conn.Option {
	return conn.WithCredentials(func(context.Context, conn.LoginRequest) (conn.Login, error) {
		return conn.Login{User: user, Password: conn.NewSecret(*v.password.Load())}, nil
	})
}

func (v *vault) watch() conn.Option {
	return conn.WithConnector(func(inner driver.Connector) driver.Connector { return &watched{inner, v} })
}

type watched struct {
	driver.Connector
	vault *vault
}

func (w *watched) Connect(ctx context.Context) (driver.Conn, error) {
	w.vault.change.RLock()
	defer w.vault.change.RUnlock()
	w.vault.logins.Add(1)
	return w.Connector.Connect(ctx)
}

// rotate changes the password on the server and in the vault.
func (v *vault) rotate(u *testuser.User) {
	v.change.Lock()
	defer v.change.Unlock()
	password := rand.Text()
	secrets.Add(password)
	u.SetPassword(password)
	v.password.Store(&password)
	v.logins.Store(0)
}

func TestCredentialsChangeOnALiveServerAndNoQueryFails(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		u := testuser.New(t, servers[dialect](t))
		var v vault
		v.rotate(u)
		cfg := u.Config()
		cfg.Password = conn.Secret{}
		cfg.Pool = conn.Pool{Max: 6, MaxLifetime: 10 * time.Millisecond} // so that there are new connections all the time
		c, _ := opens(t, cfg, v.ask(cfg.User), v.watch())

		stop := load(t, 4, func(ctx context.Context) error {
			var one int
			return c.QueryRowContext(ctx, "SELECT 1").Scan(&one)
		})
		for range 5 {
			old := u.Config()
			v.rotate(u)
			await(t, "there are logins with the new password", func() bool { return v.logins.Load() > 4 || t.Failed() })
			fails(t, old, outcome{conn.KindAuth, 1, "verify user and password"})
		}
		if n := stop(); n < 20 {
			t.Errorf("only %d queries were run", n)
		}
	})
}
