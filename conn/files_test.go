package conn_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

// A program starts before its certificate and password are there, and goes on when they change.
func TestFilesAreReadAnewForAConnection(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := servers[dialect](t)
		u := testuser.New(t, s)
		dir := t.TempDir()
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg := u.Config()
		cfg.Password, cfg.PasswordFile = conn.Secret{}, filepath.Join(dir, "password")
		cfg.TLS = &conn.TLS{CAFile: filepath.Join(dir, "ca.pem")}
		cfg.Lazy, cfg.Pool.MaxIdle = true, -1 // so that every statement connects
		c, _ := opens(t, cfg)
		ping := func() error {
			err := c.PingContext(limit(t))
			see(t, err)
			return err
		}
		if err := ping(); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("without files: %v", err)
		}
		password := rand.Text()
		secrets.Add(password)
		u.SetPassword(password)
		write("password", password+"\n")
		write("ca.pem", s.CA.PEM)
		works(t, c)

		write("password", rand.Text())
		if err := ping(); c.Diagnose(err).Kind != conn.KindAuth {
			t.Errorf("with another password: %v", err)
		}
		password = rand.Text()
		secrets.Add(password)
		u.SetPassword(password)
		write("password", password)
		works(t, c)

		write("ca.pem", testcert.NewCA("another").PEM)
		if err := ping(); c.Diagnose(err).Kind != conn.KindTLS {
			t.Errorf("with another CA: %v", err)
		}
		write("ca.pem", s.CA.PEM+"\n")
		works(t, c)
	})
}
