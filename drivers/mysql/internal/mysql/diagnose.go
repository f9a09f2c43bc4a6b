package mysql

import (
	"errors"
	"strconv"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func (dialect) Diagnose(err error) registry.Diagnosis {
	d := table.Diagnose(err)
	if d == (registry.Diagnosis{}) && isLost(err) {
		d.Kind = registry.KindLost
	}
	return d
}

// isLost matches what the driver says of a connection whatever broke it. A cause beside it says more.
func isLost(err error) bool {
	return err != nil && (errors.Is(err, mysql.ErrInvalidConn) || network.Says(badConnection)(err))
}

var table = network.Table{Read: read, Codes: codes, Faults: faults}

// read takes the server's error out of err.
func read(err error) (network.Message, bool) {
	said, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return network.Message{}, false
	}
	return network.Message{Codes: []string{strconv.Itoa(int(said.Number))}, Text: said.Message}, true
}

// faults are the errors that the driver makes.
// https://pkg.go.dev/github.com/go-sql-driver/mysql#pkg-variables
var faults = []network.Fault{
	{Match: network.Is(mysql.ErrNoTLS), Kind: registry.KindTLS, Hint: "the server has TLS turned off: have it turned on, or leave out ssl"},
	{Match: network.Is(errNotMySQL, mysql.ErrOldProtocol), Kind: registry.KindConfig, Hint: notMySQL},
	{Match: network.Says("unsupported protocol version"), Kind: registry.KindConfig, Hint: notMySQL},
	{Match: network.Is(mysql.ErrCleartextPassword), Kind: registry.KindAuth, Hint: "the account wants the password as it is: set params.allowCleartextPasswords=true, with ssl"},
	{Match: network.Says("unexpected resp from server for caching_sha2_password", "no pem data found", "no Pem data found"), Kind: registry.KindAuth, Hint: "the server has no key to encrypt the password with: set ssl=true"},
	{Match: network.Is(mysql.ErrPktTooLarge), Kind: registry.KindUnknown, Hint: "a statement or value is longer than params.maxAllowedPacket: raise that, or send less"},
	{Match: network.Is(mysql.ErrNativePassword, mysql.ErrOldPassword, mysql.ErrUnknownPlugin), Kind: registry.KindAuth, Hint: "the account uses a method of authentication that this driver does not have: ALTER USER ... IDENTIFIED VIA (or WITH) another one"},
	{Match: network.Is(mysql.ErrMalformPkt, mysql.ErrPktSync, mysql.ErrPktSyncMul, mysql.ErrBusyBuffer), Kind: registry.KindLost},
}

const notMySQL = "what answers is not MySQL or MariaDB from 4.1 on: check host and port"
