package mssql

import (
	"cmp"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func (*dialect) Diagnose(err error) registry.Diagnosis {
	d := table.Diagnose(err)
	if login, ok := errors.AsType[*failure](err); ok && login.hint != "" && d.Code == "" {
		d.Hint = login.hint
	}
	return d
}

var table = network.Table{Read: read, Codes: codes, Faults: faults}

// fatal is the severity from which on the server closes the connection.
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-error-severities
const fatal = 20

// read takes the errors of a response out of err: the last one of a login is 18456 whatever the first one says.
func read(err error) (network.Message, bool) {
	var said mssql.Error
	if !errors.As(err, &said) {
		return network.Message{}, false
	}
	var m network.Message
	add := func(e *mssql.Error) {
		m.Codes = append(m.Codes, strconv.Itoa(int(e.Number)))
		m.Text += e.Message + "\n"
		m.Fatal = m.Fatal || e.Class >= fatal
		m.Constraint = cmp.Or(m.Constraint, constraint(e))
	}
	add(&said)
	for i := range said.All {
		add(&said.All[i])
	}
	return m, true
}

// constraint takes the name out of the texts of 547, 2601 and 2627, of which it is the first in quotes of its kind:
//
//	The INSERT statement conflicted with the FOREIGN KEY constraint "FK_x". The conflict occurred in ...
//	Cannot insert duplicate key row in object 'dbo.t' with unique index 'IX_x'. The duplicate key value is ...
//	Violation of UNIQUE KEY constraint 'UQ_x'. Cannot insert duplicate key in object ...
//
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
func constraint(e *mssql.Error) string {
	before, quote := "", ""
	switch e.Number {
	case 547:
		before, quote = `constraint "`, `"`
	case 2601:
		before, quote = "unique index '", "'"
	case 2627:
		before, quote = "constraint '", "'"
	default:
		return ""
	}
	_, after, _ := strings.Cut(e.Message, before)
	name, _, found := strings.Cut(after, quote)
	if !found {
		return "" // a text in another language
	}
	return name
}

const notSQLServer = "what answers is not SQL Server: check host and port"

// faults are the errors that the driver makes, and our own.
var faults = []network.Fault{
	{Is: []error{errNotSQLServer}, Kind: registry.KindConfig, Hint: notSQLServer},
	{Is: []error{errNoTLS}, Kind: registry.KindTLS, Hint: "the server has no TLS: have it turned on, or leave out ssl"},
	{Is: []error{errRoutes}, Kind: registry.KindConfig, Hint: "the routing of the availability group is a circle: correct its READ_ONLY_ROUTING_URL and READ_ONLY_ROUTING_LIST"},
	{Match: func(err error) bool { return loginSays(err, "no instance matching", "invalid tcp port returned") }, Kind: registry.KindConfig, Hint: "the SQL Server Browser knows no instance of that name which listens on TCP: check params.instance, or set the port of the instance in its place"},
	{Match: func(err error) bool { return driverSays(err, "invalid packet size") }, Kind: registry.KindLost},
	// The context of the statement has ended, and the server has not confirmed in 5 s that it stopped it.
	{Match: func(err error) bool { return driverSays(err, "did not get cancellation confirmation") }, Kind: registry.KindCanceled},
	{Match: network.As[mssql.StreamError], Kind: registry.KindLost},
	{Match: endsLogin, Kind: registry.KindLost},
}

// endsLogin matches the end of the stream before there is an error of package network.
func endsLogin(err error) bool {
	login, ok := errors.AsType[*failure](err)
	return ok && (errors.Is(login, io.EOF) || errors.Is(login, io.ErrUnexpectedEOF))
}

// loginSays matches errors of the driver that have no type, by their text, and only within those of a login.
func loginSays(err error, prefixes ...string) bool {
	login, ok := errors.AsType[*failure](err)
	return ok && login.driver && network.Says(login, prefixes...)
}

// driverSays is loginSays which also looks into errors of reading an answer, and of what is wrong with one.
func driverSays(err error, prefix string) bool {
	if loginSays(err, prefix) {
		return true
	}
	var stream mssql.StreamError
	if errors.As(err, &stream) {
		return network.Says(stream.InnerError, prefix)
	}
	const reading = "Read" // as only this driver writes it
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == reading && network.Says(op.Err, prefix)
}
