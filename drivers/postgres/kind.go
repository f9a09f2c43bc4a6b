//go:build postgres || alldrivers

package postgres

import (
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func (dialect) Kind(err error) registry.Kind {
	kind, _ := classify(err)
	return kind
}

func (dialect) Advise(err error) registry.Advice {
	_, advice := classify(err)
	return advice
}

func classify(err error) (registry.Kind, registry.Advice) {
	kind := network.Kind(err)
	if kind == registry.KindTLS {
		return kind, network.Advise(err)
	}
	if server, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, row := range states {
			if row.matches(server) {
				return row.kind, registry.Advice{Hint: row.hint, Final: slices.Contains(refused, server.Code)}
			}
		}
		return registry.KindUnknown, registry.Advice{}
	}
	for _, row := range clientErrors {
		if row.is(err) {
			return row.kind, registry.Advice{Hint: row.hint}
		}
	}
	return kind, network.Advise(err)
}

const notPostgres = "what answers does not speak PostgreSQL's protocol: check host and port"

// clientErrors are those that pgx finds, most of which have no type.
// https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#pkg-variables
var clientErrors = []struct {
	is   func(error) bool
	kind registry.Kind
	hint string
}{
	{says("server refused TLS connection"), registry.KindTLS, "the server has TLS turned off (parameter ssl), or is not PostgreSQL: have it turned on, or leave out ssl"},
	{is(pgconn.ErrReadOnlyConnection, pgconn.ErrReadWriteConnection, pgconn.ErrPrimaryConnection, pgconn.ErrStandbyConnection), registry.KindReadOnly, "no server is in the role that params.target_session_attrs asks for: check host and params.fallback_hosts"},
	{says("channel binding required"), registry.KindAuth, "the server cannot do what params.channel_binding=require asks for: it takes TLS and a password stored as scram-sha-256"},
	{says("authentication method requirement"), registry.KindAuth, "the server asks for a method that params.require_auth does not allow"},
	{says("kerberos error:", "OAuth authentication required", "unknown authentication type", "AuthTypeSSPI", "AuthTypeSCMCreds", "server does not support SCRAM"), registry.KindAuth, "the server asks for a method of authentication that this driver does not have: have another one set in pg_hba.conf"},
	{says("invalid SCRAM"), registry.KindAuth, "the server does not prove that it knows the password: check that it is the right server"},
	{says("received unexpected message", "unknown message type", "invalid message length", "protocol error"), registry.KindConfig, notPostgres},
	{typed[*pgproto3.ExceededMaxBodyLenErr], registry.KindConfig, notPostgres},
	{typed[*pgconn.ParseConfigError], registry.KindConfig, ""},
	{is(pgconn.ErrConnClosed), registry.KindLost, ""},
}

func says(prefixes ...string) func(error) bool {
	return func(err error) bool { return network.Says(err, prefixes...) }
}

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func typed[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
