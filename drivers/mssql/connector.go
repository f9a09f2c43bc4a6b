//go:build mssql || alldrivers

package mssql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/registry"
)

// Driver is that of go-mssqldb which takes parameters as @p1 and @name only.
func (c *connector) Driver() driver.Driver { return new(mssql.Driver) }

// Connect tries the failover partner where the server is gone, as database mirroring wants it. The driver would do
// so after every failure: a wrong password would count twice towards the lock-out.
// https://learn.microsoft.com/sql/database-engine/database-mirroring/connect-clients-to-a-database-mirroring-session-sql-server
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	who, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	if len(c.servers) == 1 {
		return c.login(ctx, c.servers[0], who)
	}
	conn, err := c.firstHalf(ctx, who)
	if kind, _ := classify(err); err == nil || ctx.Err() != nil || !elsewhere[kind] {
		return conn, err
	}
	conn, second := c.login(ctx, c.servers[1], who)
	if second != nil {
		return nil, fmt.Errorf("%w; then its failover partner %s: %w", err, c.servers[1].host, second)
	}
	return conn, nil
}

// elsewhere has the kinds of failure after which the partner may be the one that has the database. A mirror that
// is not in use refuses logins to it as if it were missing.
var elsewhere = map[registry.Kind]bool{
	registry.KindUnreachable: true,
	registry.KindTimeout:     true,
	registry.KindLost:        true,
	registry.KindStarting:    true,
	registry.KindNoDatabase:  true,
}

// firstHalf logs in to the first server and leaves half of the time for the second.
func (c *connector) firstHalf(ctx context.Context, who identity) (driver.Conn, error) {
	end, limited := ctx.Deadline()
	if !limited {
		return c.login(ctx, c.servers[0], who)
	}
	half, cancel := context.WithTimeout(ctx, time.Until(end)/2)
	defer cancel()
	conn, err := c.login(half, c.servers[0], who)
	if err != nil && half.Err() != nil && ctx.Err() == nil { // which is no end of the caller's context
		err = fmt.Errorf("%s did not log in within half of the connect timeout: %w", c.servers[0].host, os.ErrDeadlineExceeded)
	}
	return conn, err
}

// identity is whom to log in as.
type identity struct {
	user     string
	password registry.Secret // with token: the token
}

func (c *connector) credentials(ctx context.Context) (identity, error) {
	who := identity{c.user, c.password}
	if c.env.Credentials == nil {
		return who, nil
	}
	var err error
	if who.user, who.password, err = c.env.Credentials(ctx); err != nil {
		return who, err
	}
	if c.method == "token" {
		return who, nil
	}
	return who, checkUser(who.user, who.password)
}

// login opens one connection.
func (c *connector) login(ctx context.Context, to server, who identity) (driver.Conn, error) {
	a := &attempt{connector: c, trace: new(trace), to: to}
	stop := context.AfterFunc(ctx, a.expire)
	conn, err := a.connect(ctx, who)
	if err == nil && !stop() { // the context ended, and with it the network connection
		_ = conn.Close() // there is a better error to return
		err = ctx.Err()
	}
	if err != nil {
		stop()
		return nil, err
	}
	return conn, nil
}

// ready sets the options of the session, and has the driver set them again whenever it resets the session: that is
// when the connection comes back from the pool. The first time it is done here, because the driver would not tell
// why it fails.
func (c *connector) ready(ctx context.Context, base *mssql.Connector, conn driver.Conn) error {
	if len(c.session) == 0 {
		return nil
	}
	statements := strings.Join(c.session, "; ")
	prepared, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, statements)
	if err != nil {
		return err
	}
	if _, err := prepared.(driver.StmtExecContext).ExecContext(ctx, nil); err != nil {
		return err
	}
	base.SessionInitSQL = statements
	return nil
}
