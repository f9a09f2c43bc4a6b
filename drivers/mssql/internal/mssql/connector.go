package mssql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"time"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// connector makes a connector of the driver for every connection, which so has a login and a TLS config of its
// own.
type connector struct {
	cfg     registry.Config
	env     registry.Env
	set     settings
	servers []server // the one to connect to, and its failover partner
	dial    dialFunc

	tls  *network.TLS // verifies, unless the config says not to
	name string       // to find in certificates; empty: the host
}

// Driver is that of go-mssqldb which takes parameters as @p1 and @name only.
func (c *connector) Driver() driver.Driver { return new(mssql.Driver) }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return network.LogIn(ctx, &c.cfg, c.env, dialect{}.Diagnose, c.connect)
}

// connect tries the failover partner where the server is gone, as database mirroring wants it. The driver would do
// so after every failure: a wrong password would count twice towards the lock-out.
// https://learn.microsoft.com/sql/database-engine/database-mirroring/connect-clients-to-a-database-mirroring-session-sql-server
func (c *connector) connect(ctx context.Context, who registry.Login) (driver.Conn, error) {
	if c.env.Credentials != nil && c.set.method != "token" {
		if err := checkUser(who.User, who.Password); err != nil {
			return nil, err
		}
	}
	if len(c.servers) == 1 {
		return c.logIn(ctx, c.servers[0], who)
	}
	conn, err := c.firstHalf(ctx, who)
	if err == nil || ctx.Err() != nil || !elsewhere[dialect{}.Diagnose(err).Kind] {
		return conn, err
	}
	conn, second := c.logIn(ctx, c.servers[1], who)
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
func (c *connector) firstHalf(ctx context.Context, who registry.Login) (driver.Conn, error) {
	end, limited := ctx.Deadline()
	if !limited {
		return c.logIn(ctx, c.servers[0], who)
	}
	half, cancel := context.WithTimeout(ctx, time.Until(end)/2)
	defer cancel()
	conn, err := c.logIn(half, c.servers[0], who)
	if err != nil && half.Err() != nil && ctx.Err() == nil { // which is no end of the caller's context
		err = fmt.Errorf("%s did not log in within half of the connect timeout: %w", c.servers[0].host, os.ErrDeadlineExceeded)
	}
	return conn, err
}
