//go:build postgres || alldrivers

package postgres

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// login is one connection while it is being opened. When something goes wrong with a connection, pgx asks the
// server, on another one and in the background, to cancel what runs there, even where nobody has logged in yet: a
// server that refuses a client would be connected to twice, the second time after the client has given up.
type login struct{ over atomic.Bool }

type loginKey struct{}

var errNothingRuns = errors.New("nothing runs on a connection that is not logged in")

// dialer returns what the connection is opened with, and, once it is logged in, the one for a cancel request: that
// has another context. https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#PgConn.CancelRequest
func (l *login) dialer(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(loginKey{}) != l && !l.over.Load() {
			return nil, errNothingRuns
		}
		return dial(ctx, network, address)
	}
}
