package conn_test

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testcert"
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

// A new certificate is written into the files of the old one piece by piece, as cp does, and the password file changes with
// the password, while queries connect all the time.
func TestFilesChangeOnALiveServerAndNoQueryFails(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := servers[dialect](t)
		if s.CA == nil {
			t.Skip("the authority of the server is not known")
		}
		u := testuser.New(t, s)
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name) }
		write := func(name, text string) {
			t.Helper()
			if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var v vault
		rotate := func() {
			v.change.Lock() // a login that begins with the old password would fail
			defer v.change.Unlock()
			password := rand.Text()
			secrets.Add(password)
			u.SetPassword(password)
			write("password", password+"\n")
		}
		cfg := u.Config()
		cfg.Password, cfg.PasswordFile = conn.Secret{}, path("password")
		cfg.TLS = &conn.TLS{CAFile: path("ca.pem"), CertFile: path("cert.pem"), KeyFile: path("key.pem")}
		cfg.Pool = conn.Pool{Max: 6, MaxIdle: -1} // every query connects
		rotate()
		pair := s.CA.Client("certificate 0")
		write("ca.pem", s.CA.PEM)
		write("cert.pem", pair.Cert)
		write("key.pem", pair.Key)
		c, _ := opens(t, cfg, v.watch())

		stop := load(t, 6, func(ctx context.Context) error {
			var one int
			return c.QueryRowContext(ctx, "SELECT 1").Scan(&one)
		})
		step := func(what string) {
			t.Helper()
			v.logins.Store(0)
			await(t, "there are logins with "+what, func() bool { return v.logins.Load() > 4 || t.Failed() })
		}
		for i := range 2 {
			next := s.CA.Client(fmt.Sprintf("certificate %d", i+1))
			another := testcert.NewCA("another authority")
			for _, file := range []struct{ name, text string }{
				{"cert.pem", next.Cert}, {"key.pem", next.Key}, {"ca.pem", s.CA.PEM + another.PEM}, {"ca.pem", s.CA.PEM + "\n"},
			} {
				for _, part := range []int{0, 20, len(file.text) / 2, len(file.text)} {
					write(file.name, file.text[:part])
					step(fmt.Sprintf("%d bytes of %s", part, file.name))
				}
			}
			rotate()
			step("another password")
			if dialect == "postgres" {
				var subject string
				if err := c.QueryRow("SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&subject); err != nil || subject != fmt.Sprintf("/CN=certificate %d", i+1) {
					t.Errorf("the server knows %s, %v", subject, err)
				}
			}
		}
		t.Logf("%d queries", stop())
	})
}
