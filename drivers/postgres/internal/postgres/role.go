package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/registry"
)

// listener hears of the role of a server on one connection.
type listener struct {
	tell   func(net.Conn, registry.Role, error) // that of an Env
	wanted registry.Role                        // by the config
	pooled bool                                 // a connection pooler reports what it has heard from a server earlier
	socket net.Conn                             // as Env.Watch returned it
	role   registry.Role                        // the last that the server has reported
}

// roleOf is what the server has reported of itself: with the login, and before the end of the answer to the first
// statement after a change. RoleAny: nothing, as those before version 14.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
func roleOf(conn *pgconn.PgConn) registry.Role {
	standby, readOnly := conn.ParameterStatus("in_hot_standby"), conn.ParameterStatus("default_transaction_read_only")
	switch {
	case standby == "" || readOnly == "":
		return registry.RoleAny
	case standby == "on" || readOnly == "on":
		return registry.RoleReader
	}
	return registry.RoleWriter
}

// loggedIn tells what the login has told.
func (l *listener) loggedIn(conn *pgconn.PgConn) {
	if l.pooled {
		return
	}
	if l.role = roleOf(conn); l.role != registry.RoleAny {
		l.tell(l.socket, l.role, nil)
	}
}

// changed reports whether the server has reported another role. That says so of this session, which a program can make
// READ ONLY itself: it is told as a reason to ask.
func (l *listener) changed(conn *pgconn.PgConn, cause error) bool {
	now := roleOf(conn)
	if l.pooled || now == l.role || now == registry.RoleAny {
		return false
	}
	l.role = now
	l.tell(l.socket, registry.RoleAny, cause)
	return true
}

// refused hears a write that was refused as read-only, of which a READ ONLY transaction of the program is as good a
// reason as a change of the server's, and reports whether the connection is to be kept. The report of a change comes
// only after this error. But a statement that is no part of a transaction began one of its own, which was not to be
// READ ONLY.
func (l *listener) refused(conn *pgconn.PgConn, err *pgconn.PgError) (keep bool) {
	switch {
	case l.wanted != registry.RoleWriter:
		return true
	case l.changed(conn, err):
		return false
	}
	l.tell(l.socket, registry.RoleAny, err)
	return conn.TxStatus() != 'I'
}

// onError returns what pgx is to ask about each error of the server, in place of next.
func (l *listener) onError(next pgconn.PgErrorHandler) pgconn.PgErrorHandler {
	return func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code == refusedWrite && l.socket != nil && !l.refused(conn, err) {
			return false
		}
		return next == nil || next(conn, err)
	}
}

const refusedWrite = "25006"

var errRole = errors.New("the server has reported another role")

// reset looks at what the server has reported before a connection is used again. A program may have made it READ ONLY.
func (l *listener) reset(_ context.Context, conn *pgx.Conn) error {
	if l.changed(conn.PgConn(), errRole) && l.wanted != registry.RolePreferReader {
		return driver.ErrBadConn
	}
	return nil
}
