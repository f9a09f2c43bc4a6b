package mysql

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func (*dialect) Diagnose(err error) registry.Diagnosis {
	d := table.Diagnose(err)
	if d == (registry.Diagnosis{}) && isLost(err) {
		d.Kind = registry.KindLost
	}
	return d
}

// isLost matches what the driver says of a connection whatever broke it. A cause beside it says more.
func isLost(err error) bool {
	return err != nil && (errors.Is(err, mysql.ErrInvalidConn) || network.LoginSays(err, badConnection))
}

var table = network.Table{Read: read, Codes: codes, Faults: faults}

// read takes the server's error out of err.
func read(err error) (network.Message, bool) {
	said, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return network.Message{}, false
	}
	return network.Message{
		Codes: []string{strconv.Itoa(int(said.Number))}, Text: said.Message, Constraint: constraint(said),
	}, true
}

// constraint takes the name out of the texts of some numbers. MySQL puts the table before the name of a key, and
// MariaDB does not; a value before it may have quotes of its own:
//
//	Duplicate entry 'x' for key 'city.name_uk'
//	Cannot add or update a child row: a foreign key constraint fails (`db`.`child`, CONSTRAINT `child_fk` FOREIGN KEY ...
//	Check constraint 'positive' is violated.
//	CONSTRAINT `positive` failed for `db`.`city`
//
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
// https://mariadb.com/kb/en/mariadb-error-code-reference/
func constraint(e *mysql.MySQLError) string {
	text, before, quote := e.Message, "CONSTRAINT `", "`"
	switch e.Number {
	case 1062, 1586:
		before, quote = " for key '", "'"
		text = text[max(0, strings.LastIndex(text, before)):]
	case 3819:
		before, quote = "constraint '", "'"
	case 1451, 1452, 4025:
	default:
		return ""
	}
	_, after, _ := strings.Cut(text, before)
	name, _, found := strings.Cut(after, quote)
	if !found {
		return "" // a text in another language, or without the details for a user who may not see them
	}
	if quote == "'" {
		return name[strings.LastIndexByte(name, '.')+1:]
	}
	return name // MariaDB calls a check of a column table.column
}

// faults are the errors that the driver makes. Those without a name come from its login alone.
// https://pkg.go.dev/github.com/go-sql-driver/mysql#pkg-variables
var faults = []network.Fault{
	{Is: []error{mysql.ErrNoTLS}, Kind: registry.KindTLS, Hint: "the server has TLS turned off: have it turned on, or leave out ssl"},
	{Is: []error{errNotMySQL, mysql.ErrOldProtocol}, Kind: registry.KindConfig, Hint: notMySQL},
	{Login: []string{"unsupported protocol version"}, Kind: registry.KindConfig, Hint: notMySQL},
	{Is: []error{mysql.ErrCleartextPassword}, Kind: registry.KindAuth, Hint: "the account wants the password as it is: set params.allowCleartextPasswords=true, with ssl"},
	{Login: []string{"unexpected resp from server for caching_sha2_password", "no pem data found", "no Pem data found"}, Kind: registry.KindAuth, Hint: "the server has no key to encrypt the password with: set ssl=true"},
	{Is: []error{mysql.ErrNativePassword, mysql.ErrOldPassword, mysql.ErrUnknownPlugin}, Kind: registry.KindAuth, Hint: "the account uses a method of authentication that this driver does not have: ALTER USER ... IDENTIFIED VIA (or WITH) another one"},
	{Is: []error{mysql.ErrPktTooLarge}, Kind: registry.KindValue, Hint: "a statement is larger than params.maxAllowedPacket: send less at once, or raise it, here and on the server"},
	{Is: []error{mysql.ErrMalformPkt, mysql.ErrPktSync, mysql.ErrPktSyncMul, mysql.ErrBusyBuffer}, Kind: registry.KindLost},
}

const notMySQL = "what answers is not MySQL or MariaDB from 4.1 on: check host and port"
