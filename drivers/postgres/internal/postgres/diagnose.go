package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func (*dialect) Diagnose(err error) registry.Diagnosis { return table.Diagnose(err) }

var table = network.Table{Read: read, Codes: codes, Faults: faults}

// read takes the server's error out of err.
func read(err error) (network.Message, bool) {
	said, ok := errors.AsType[*pgconn.PgError](err)
	if !ok && errors.Is(err, pgx.ErrTxCommitRollback) {
		return network.Message{Codes: []string{failedTx}}, true
	}
	if !ok {
		return network.Message{}, false
	}
	severity := said.SeverityUnlocalized // poolers, and servers before 9.6, send only the other one
	if severity == "" {
		severity = said.Severity
	}
	return network.Message{
		Codes: []string{said.Code}, Text: said.Message, Fatal: severity == "FATAL", Constraint: said.ConstraintName,
	}, true
}

// faults are the errors that pgx makes, most of which have no type, and so mean something at a login alone, and ours.
// https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#pkg-variables
var faults = []network.Fault{
	{Is: []error{errNotPostgres}, Kind: registry.KindConfig, Hint: notPostgres},
	{Is: []error{errCleartext}, Kind: registry.KindAuth, Hint: "set ssl, or have the server ask for scram-sha-256 in pg_hba.conf; params.require_auth=password sends the password as it is"},
	{Is: []error{errRounds}, Kind: registry.KindAuth, Hint: "lower scram_iterations on the server and set the password again, or check that it is the right server"},
	{Match: network.As[hungUpError], Kind: registry.KindLost},
	{Login: []string{"server refused TLS connection"}, Kind: registry.KindTLS, Hint: "the server has TLS turned off (parameter ssl): have it turned on, or leave out ssl"},
	{Is: []error{pgconn.ErrReadOnlyConnection, pgconn.ErrReadWriteConnection, pgconn.ErrPrimaryConnection, pgconn.ErrStandbyConnection}, Kind: registry.KindRole, Hint: "no server is in the role that PGTARGETSESSIONATTRS asks for: unset it, or check PGHOST"},
	{Login: []string{"channel binding required"}, Kind: registry.KindAuth, Hint: "the server cannot do what params.channel_binding=require asks for: it takes TLS and a password stored as scram-sha-256"},
	{Login: []string{"authentication method requirement"}, Kind: registry.KindAuth, Hint: "the server asks for a method that params.require_auth does not allow"},
	{Login: []string{"kerberos error:", "OAuth authentication required", "unknown authentication type", "AuthTypeSSPI", "AuthTypeSCMCreds", "server does not support SCRAM"}, Kind: registry.KindAuth, Hint: "the server asks for a method of authentication that this driver does not have: have another one set in pg_hba.conf"},
	{Login: []string{"invalid SCRAM"}, Kind: registry.KindAuth, Hint: "the server does not prove that it knows the password: check that it is the right server"},
	{Match: network.As[*pgproto3.ExceededMaxBodyLenErr], Kind: registry.KindConfig, Hint: notPostgres},
	{Login: []string{"received unexpected message", "expected AuthenticationSASL", "unknown message type", "invalid message length", "protocol error"}, Kind: registry.KindConfig, Hint: notPostgres},
	{Match: failsToEncode, Kind: registry.KindValue, Hint: "a parameter has not the Go type that the type of its column asks for, or is out of its range: correct it"},
	{Match: network.As[*pgconn.ParseConfigError], Kind: registry.KindConfig},
	{Is: []error{pgconn.ErrConnClosed}, Kind: registry.KindLost},
}

func failsToEncode(err error) bool { return network.Says(err, "failed to encode args[") }

const notPostgres = "what answers does not speak PostgreSQL's protocol: check host and port"
