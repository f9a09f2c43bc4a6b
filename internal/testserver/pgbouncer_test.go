package testserver_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestPgBouncerStandsBeforeAServer(t *testing.T) {
	server := testserver.StartPostgres(t, testserver.Options{})
	bouncer := testserver.StartPgBouncer(t, server, testserver.Options{Settings: map[string]string{"default_pool_size": "1"}})
	if !strings.HasPrefix(bouncer.Version, "PgBouncer 1.") || bouncer.Port == server.Port {
		t.Errorf("it is %s at port %d, and the server's is %d", bouncer.Version, bouncer.Port, server.Port)
	}
	port, err := query(t, connectPostgres(t, bouncer.Config()), "SHOW port")
	if err != nil || port != strconv.Itoa(server.Port) {
		t.Errorf("through it the server's port is %q, %v; want %d", port, err, server.Port)
	}
}
