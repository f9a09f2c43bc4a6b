package tdstest

import (
	"fmt"
	"strings"
)

// Message is an error or a notice of the server. One of a class above 10 is an error; one of a class of 20 or
// more ends the connection:
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-error-severities
type Message struct {
	Number int32
	State  byte // default 1
	Class  byte // default 16: an error that the user can correct
	Text   string
	Proc   string
	Line   int32 // default 1
}

// Error makes a Message an error.
func (m Message) Error() string { return fmt.Sprintf("%s (%d)", m.Text, m.Number) }

// Classes of messages that mean something to a client.
const (
	classNotice = 10 // the highest of those that are no error
	classFatal  = 20 // the lowest of those that end the connection
)

func (m Message) isError() bool { return m.class() > classNotice }
func (m Message) class() byte   { return orDefault(m.Class, 16) }

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// The messages that the server sends of its own accord, with the words of
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors

// LoginFailed is what a wrong password, an unknown user and everything else that is secret gives.
func LoginFailed(user string) Message {
	return Message{Number: 18456, Class: 14, Text: fmt.Sprintf("Login failed for user '%s'.", user)}
}

// NoDatabase is what a login to a database that is missing or forbidden gives, before LoginFailed.
func NoDatabase(name string) Message {
	return Message{Number: 4060, Class: 11, Text: fmt.Sprintf("Cannot open database \"%s\" requested by the login. The login failed.", name)}
}

// TooManyConnections is what a login gives when the server has all the connections that it takes.
func TooManyConnections(limit int) Message {
	return Message{Number: 17809, Class: 20, Text: fmt.Sprintf(
		"Could not connect because the maximum number of '%d' user connections has already been reached. "+
			"The system administrator can use sp_configure to increase the maximum value. The connection has been closed.", limit)}
}

// Killed is what the request of a session that is killed ends with.
func Killed() Message {
	return Message{Number: 596, Class: 21, Text: "Cannot continue the execution because the session is in the kill state."}
}

// ShuttingDown is what a request is told when the server shuts down.
func ShuttingDown() Message {
	return Message{Number: 6005, Class: 10, Text: "SHUTDOWN is in progress."}
}

func changedDatabase(name string) Message {
	return Message{Number: 5701, State: 2, Class: 10, Text: fmt.Sprintf("Changed database context to '%s'.", name)}
}

func changedLanguage() Message {
	return Message{Number: 5703, Class: 10, Text: "Changed language setting to " + language + "."}
}

func noTransaction(request Kind) Message {
	return Message{Number: map[Kind]int32{Commit: 3902, Rollback: 3903}[request], Text: fmt.Sprintf(
		"The %s TRANSACTION request has no corresponding BEGIN TRANSACTION.", strings.ToUpper(string(request)))}
}

// unscripted is no message of SQL Server: it is for whoever writes the test.
func unscripted(sql string) Message {
	return Message{Number: 50000, Text: fmt.Sprintf("tdstest: nothing answers %q: call Handle", sql)}
}
