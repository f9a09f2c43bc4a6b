//go:build mssql || alldrivers

package mssql

import (
	"errors"
	"slices"

	"github.com/microsoft/go-mssqldb"

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
	var server mssql.Error
	if errors.As(err, &server) {
		return classifyServer(server)
	}
	for _, row := range clientErrors {
		if row.is(err) {
			return row.kind, registry.Advice{Hint: row.hint}
		}
	}
	var login *failure
	if errors.As(err, &login) && login.hint != "" {
		return kind, registry.Advice{Hint: login.hint}
	}
	if kind == registry.KindUnknown && network.Says(err, handshakeFailed) {
		kind = registry.KindTLS
	}
	return kind, network.Advise(err)
}

// fatal is the severity from which on the server closes the connection.
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-error-severities
const fatal = 20

// classifyServer looks at all errors of a response: the last one of a login is 18456 whatever the first one says.
func classifyServer(err mssql.Error) (registry.Kind, registry.Advice) {
	all := append([]mssql.Error{err}, err.All...)
	for _, row := range numbers {
		if slices.ContainsFunc(all, func(e mssql.Error) bool { return slices.Contains(row.numbers, e.Number) }) {
			return row.kind, registry.Advice{Hint: row.hint, Final: row.final}
		}
	}
	if slices.ContainsFunc(all, func(e mssql.Error) bool { return e.Class >= fatal }) {
		return registry.KindLost, registry.Advice{}
	}
	return registry.KindUnknown, registry.Advice{}
}

const notSQLServer = "what answers is not SQL Server: check host and port"

// clientErrors are those that the driver finds, most of which have no type.
var clientErrors = []struct {
	is   func(error) bool
	kind registry.Kind
	hint string
}{
	{is(errNotSQLServer), registry.KindConfig, notSQLServer},
	{says("invalid respones", "invalid empty PRELOGIN", "invalid buffer", "encrypt negotiation failed", "federated authentication flag"), registry.KindConfig, notSQLServer},
	{says("server does not support encryption"), registry.KindTLS, "the server has no TLS: have it turned on, or leave out ssl"},
	{says("no instance matching", "invalid tcp port returned"), registry.KindConfig, "the SQL Server Browser knows no instance of that name which listens on TCP: check params.instance, or set the port of the instance in its place"},
	{is(errRoutes), registry.KindConfig, "the routing of the availability group is a circle: correct its READ_ONLY_ROUTING_URL and READ_ONLY_ROUTING_LIST"},
	{says("Invalid TDS stream", "failed to send", "faild to send", "invalid packet size"), registry.KindLost, ""},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func says(prefixes ...string) func(error) bool {
	return func(err error) bool { return network.Says(err, prefixes...) }
}
