package postgres

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestTLS(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{HBA: []string{"hostssl all certified all scram-sha-256 clientcert=verify-ca"}})
	run(t, s, "CREATE ROLE certified LOGIN PASSWORD 'pw of certified'")
	tested.TLS(t, s)
}

func TestNoDowngrade(t *testing.T) {
	// https://www.postgresql.org/docs/current/protocol-message-formats.html SSLRequest
	tested.NoDowngrade(t, testserver.StartPostgres(t, testserver.Options{}), []byte{0, 0, 0, 8, 4, 210, 22, 47})
}
