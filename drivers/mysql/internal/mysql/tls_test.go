package mysql

import (
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTLS(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	run(t, s, "CREATE USER certified IDENTIFIED BY 'pw of certified' REQUIRE X509", "GRANT ALL ON *.* TO certified")
	tested.TLS(t, s)
}

// TestNoDowngrade: the server's greeting says that it has no TLS, so nothing is sent at all.
func TestNoDowngrade(t *testing.T) {
	tested.NoDowngrade(t, testserver.StartMariaDB(t, testserver.Options{}), nil)
}

func TestServerThatInsistsOnTLS(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"require-secure-transport": "1"}})
	cfg := s.Config()
	kind, err := registry.KindAuth, try(t, cfg)
	if server, ok := errors.AsType[*mysql.MySQLError](err); ok && server.Number == 3159 {
		kind = registry.KindTLS // MySQL, and MariaDB from 11 on, have a number of their own for it
	}
	check(t, err, kind, "ssl=true")
	cfg.TLS = s.TLS()
	if err := try(t, cfg); err != nil {
		t.Error(err)
	}
}
