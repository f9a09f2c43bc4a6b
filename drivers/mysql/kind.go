//go:build mysql || alldrivers

package mysql

import (
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

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
	if server, ok := network.Find(err, (*mysql.MySQLError)(nil)).(*mysql.MySQLError); ok {
		for i := range numbers {
			if row := &numbers[i]; slices.Contains(row.numbers, server.Number) && strings.Contains(server.Message, row.says) {
				return row.kind, registry.Advice{Hint: row.hint, Final: row.final}
			}
		}
		return registry.KindUnknown, registry.Advice{}
	}
	for i := range clientErrors {
		if row := &clientErrors[i]; row.Of(err) {
			return row.kind, registry.Advice{Hint: row.hint}
		}
	}
	if kind == registry.KindUnknown && network.Says(err, mysql.ErrInvalidConn.Error(), badConnection) {
		kind = registry.KindLost
	}
	return kind, network.Advise(err)
}

// clientErrors are those of the driver.
// https://pkg.go.dev/github.com/go-sql-driver/mysql#pkg-variables
var clientErrors = [...]struct {
	network.Cause
	kind registry.Kind
	hint string
}{
	{network.Cause{Is: []*error{&mysql.ErrNoTLS}}, registry.KindTLS, "the server has TLS turned off: have it turned on, or leave out ssl"},
	{network.Cause{Is: []*error{&errNotMySQL, &mysql.ErrOldProtocol}}, registry.KindConfig, "what answers is not MySQL or MariaDB from 4.1 on: check host and port"},
	{network.Cause{Says: []string{"unsupported protocol version"}}, registry.KindConfig, "what answers is not MySQL or MariaDB from 4.1 on: check host and port"},
	{network.Cause{Is: []*error{&mysql.ErrCleartextPassword}}, registry.KindAuth, "the account wants the password as it is: set params.allowCleartextPasswords=true, with ssl"},
	{network.Cause{Is: []*error{&mysql.ErrNativePassword, &mysql.ErrOldPassword, &mysql.ErrUnknownPlugin}}, registry.KindAuth, "the account uses a method of authentication that this driver does not have: ALTER USER ... IDENTIFIED VIA (or WITH) another one"},
	{network.Cause{Is: []*error{&mysql.ErrMalformPkt, &mysql.ErrPktSync, &mysql.ErrPktSyncMul, &mysql.ErrBusyBuffer}}, registry.KindLost, ""},
}
