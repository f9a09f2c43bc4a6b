//go:build postgres || alldrivers

package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func (*dialect) Kind(err error) registry.Kind {
	kind, _ := classify(err)
	return kind
}

func (*dialect) Advise(err error) registry.Advice {
	_, advice := classify(err)
	return advice
}

func classify(err error) (registry.Kind, registry.Advice) {
	kind := network.Kind(err)
	if kind == registry.KindTLS {
		return kind, network.Advise(err)
	}
	if server, ok := network.Find(err, (*pgconn.PgError)(nil)).(*pgconn.PgError); ok {
		for i := range states {
			if row := &states[i]; row.matches(server) {
				return row.kind, registry.Advice{Hint: row.hint, Final: slices.Contains(refused, server.Code)}
			}
		}
		return registry.KindUnknown, registry.Advice{}
	}
	for i := range clientErrors {
		if row := &clientErrors[i]; row.Of(err) {
			return row.kind, registry.Advice{Hint: row.hint}
		}
	}
	return kind, network.Advise(err)
}

// clientErrors are those that pgx finds, most of which have no type.
// https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#pkg-variables
var clientErrors = [...]struct {
	network.Cause
	kind registry.Kind
	hint string
}{
	{network.Cause{Says: []string{"server refused TLS connection"}}, registry.KindTLS, "the server has TLS turned off (parameter ssl), or is not PostgreSQL: have it turned on, or leave out ssl"},
	{network.Cause{Is: []*error{&pgconn.ErrReadOnlyConnection, &pgconn.ErrReadWriteConnection, &pgconn.ErrPrimaryConnection, &pgconn.ErrStandbyConnection}}, registry.KindReadOnly, "no server is in the role that params.target_session_attrs asks for: check host and params.fallback_hosts"},
	{network.Cause{Says: []string{"channel binding required"}}, registry.KindAuth, "the server cannot do what params.channel_binding=require asks for: it takes TLS and a password stored as scram-sha-256"},
	{network.Cause{Says: []string{"authentication method requirement"}}, registry.KindAuth, "the server asks for a method that params.require_auth does not allow"},
	{network.Cause{Says: []string{"kerberos error:", "OAuth authentication required", "unknown authentication type", "AuthTypeSSPI", "AuthTypeSCMCreds", "server does not support SCRAM"}}, registry.KindAuth, "the server asks for a method of authentication that this driver does not have: have another one set in pg_hba.conf"},
	{network.Cause{Says: []string{"invalid SCRAM"}}, registry.KindAuth, "the server does not prove that it knows the password: check that it is the right server"},
	{network.Cause{Says: []string{"received unexpected message", "unknown message type", "invalid message length", "protocol error"}, Like: (*pgproto3.ExceededMaxBodyLenErr)(nil)}, registry.KindConfig, "what answers does not speak PostgreSQL's protocol: check host and port"},
	{network.Cause{Like: (*pgconn.ParseConfigError)(nil)}, registry.KindConfig, ""},
	{network.Cause{Is: []*error{&pgconn.ErrConnClosed}}, registry.KindLost, ""},
}
