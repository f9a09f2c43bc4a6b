package mssql

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

var (
	tested = testdriver.Driver{Driver: Driver()}
	pool   = tested.Pool
	try    = tested.Try
	expect = tested.Check
	hold   = testdriver.Conn
	with   = testdriver.With
	limit  = testdriver.Context
	see    = testdriver.See
)

// authority issues the certificates of the servers here.
var authority = testcert.NewCA("patchbay mssql tests")

// certificate returns the TLS of a server that has the certificate.
func certificate(pair testcert.Pair) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{pair.TLS()}}
}

// start starts a server with a good certificate.
func start(t *testing.T) *tdstest.Server {
	return tdstest.Start(t, tdstest.Options{TLS: certificate(authority.Server())})
}

// last returns what the server knows of the last connection.
func last(t *testing.T, s *tdstest.Server) tdstest.Connection {
	t.Helper()
	all := s.Connections()
	if len(all) == 0 {
		t.Fatal("there was no connection")
	}
	return all[len(all)-1]
}

// mode is a way to encrypt.
type mode struct {
	name   string
	tls    *registry.TLS
	strict string
}

var modes = []mode{
	{"plaintext", nil, "false"},
	{"TLS", &registry.TLS{CA: authority.PEM}, "false"},
	{"strict", &registry.TLS{CA: authority.PEM}, "true"},
}

// config is that of the server, encrypted in this way.
func (m mode) config(s *tdstest.Server) registry.Config {
	cfg := with(s.Config(), "strict", m.strict)
	cfg.TLS = m.tls
	return cfg
}

// soon bounds what needs next to no time, on a machine that is busy with other things.
const soon = 5 * time.Second
