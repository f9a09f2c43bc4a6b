// Package conn opens databases: from a [Config] it makes a pool of tested connections, a [*Conn], which is a
// [*sql.DB] that also knows its name, its dialect and what its errors mean. Programs call [Open], and package
// manager does for those that keep several databases. It names no dialect, has no part in a query, and never
// wraps a driver's connections, so that [sql.Conn.Raw] yields the driver's own type.
//
// # When a query waits
//
// A query on a pool whose Pool.Max connections are all in use waits for one, and ends with "context deadline exceeded"
// if its context does; without a deadline it waits for ever. The usual causes are rows that are not closed, a
// transaction that is neither committed nor rolled back, and a second query inside a loop over rows with a Pool.Max of 1.
// WaitCount and WaitDuration of [sql.DB.Stats] tell it from a server that is slow. A pool of package manager tells it by an
// event, which can say where the connections are: manager.Starved.
//
// # Several hosts, and servers that are down
//
// With Config.Hosts a connection goes to the first host that can be used, in the order of the list or a random one. Each
// gets an equal share of the time that is left, but no less than 1 s, or than half of that time where it is less than 2 s.
// The next one is tried where the failure may be one of this host alone: [KindUnreachable], [KindTimeout], [KindStarting],
// [KindTooMany], [KindLost], [KindTLS] and [KindRole]. The error joins a [*HostError] for each host; its kind is that of
// the first host that was reached, else that of the first.
//
// A server that could not be reached (the first three of these kinds, and KindTLS) is down for all pools of the
// process that would dial it alike; a pool with [WithDialer] keeps to what it has seen itself. Then there is one attempt
// to connect at a time, at most nine a second, and callers who need a connection get the result of the next one that
// ends, within their own context. While another host serves, those that are down are tried in its background, after 1, 2, 4 s and
// so on up to 30 s, whenever a connection is opened; callers do not wait for that. Once a server has been reached, more and
// more connections to it are opened at a time. While no server is down, nothing waits or is limited. The bus hears of [HostDown] and [HostUp].
//
// A server may fall silent, and only the contexts of callers end what waits for it. Where three calls in a row got no answer, and no
// other call to one of the hosts did meanwhile, the next connection tries the other hosts first, while this one is tried in the
// background.
//
// Connections stay where they are when a host that comes before theirs is back: they leave it when they end, which
// Pool.MaxLifetime bounds.
//
// # Roles and failovers
//
// With a Config.Role every physical connection is asked whether its server takes writes, and one to a server in another role
// goes no further: the next of Config.Hosts is tried, and if none fits the error is of [KindRole]. A server that changes
// its role is left: a write that is refused closes its connection where the driver can tell, the idle connections to that server
// are asked and closed, and so they are at each check of [WithCheckInterval]. The caller of that write gets the server's own error,
// of [KindReadOnly], and nothing is run again. The bus gets a [RoleChanged] event. Without a Role none of this happens: a
// refused write is no reason to leave a server that nobody asked to be a writer.
//
// # When a driver misbehaves
//
// A driver that panics or calls [runtime.Goexit] while this package calls it makes a [*PanicError], one that ignores the
// end of its context a [*HangError]. What a program calls through [database/sql] is its own, which includes two things
// that database/sql does by itself: it closes connections that have been idle or open for too long on a goroutine where a
// panic ends the program, and [sql.DB.Close] waits for idle connections to close. [Conn.Close] does not, beyond the
// connect timeout.
package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// Conn is an open database. It is used like the [*sql.DB] that it embeds, from any number of goroutines, and
// must be closed; closing the embedded DB does as well.
type Conn struct {
	*sql.DB
	cfg  Config
	pool *connector

	reader *Conn // nil: none
}

// Name returns the name that the connection was opened under, "__default__" if none was given.
func (c *Conn) Name() string { return c.pool.name }

// Dialect returns the dialect that an alias in the config stands for, such as "postgres" for "pg".
func (c *Conn) Dialect() string { return c.pool.dialect }

// Info describes the dialect.
func (c *Conn) Info() registry.Info { return c.pool.driver.Info() }

// Config returns the config that the connection was opened with.
func (c *Conn) Config() Config { return c.cfg.Clone() }

// Version asks the server for its version, such as "16.4" or "10.11.6-MariaDB", within the connect timeout. Where the
// dialect cannot ask, the error is [errors.ErrUnsupported].
func (c *Conn) Version(ctx context.Context) (string, error) {
	query := c.Info().VersionQuery
	if query == "" {
		return "", fmt.Errorf("the dialect %s does not tell the version of a server: %w", c.Dialect(), errors.ErrUnsupported)
	}
	var version driver.Value
	start := time.Now()
	err := c.pool.through(ctx, start, func(one *sql.Conn) (err error) {
		version, err = c.pool.ask(ctx, c.pool.toConnect(start, "asking for the version"), one, query)
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprint(version), nil
}

// Check asks the database, by the query and within the connect timeout that Open tests with, through the pool: it waits for
// a connection as any caller does. Where the config asks for a Role, a server that has another one now is an error of
// [KindRole]. A connection that does not answer, or has the wrong role, is closed for good.
func (c *Conn) Check(ctx context.Context) error {
	start := time.Now()
	return c.pool.through(ctx, start, func(one *sql.Conn) error {
		if err := c.pool.test(ctx, start, one); err != nil || c.pool.role == RoleAny {
			return err
		}
		value, err := c.pool.ask(ctx, c.pool.toConnect(start, "asking for the role"), one, c.pool.roleQuery)
		if err != nil {
			return err
		}
		if err = c.pool.judge(roleOf(value)); err != nil {
			if l := c.pool.loginOf(one); l != nil {
				c.pool.suspect(l.host, err)
			}
			c.pool.retire(one)
		}
		return err
	})
}

// Diagnose says what an error means that this database returned; see [Diagnose]. A pool whose Role is writer hears of a refused
// write so, where the driver cannot tell, and asks its servers for their role.
func (c *Conn) Diagnose(err error) Diagnosis {
	d := diagnose(err, c.pool.driver)
	if d.Kind == KindReadOnly {
		c.pool.hearRefusal(err)
	}
	return *d
}

// Trim closes the idle connections and keeps none from now on, Pool.Min included: for a pool that is kept open but
// seldom used. Queries still work, each on a connection of its own. If the driver takes long to close connections,
// Trim returns before it has.
func (c *Conn) Trim() {
	_ = c.both(func(c *Conn) error { c.trim(); return nil })
}

func (c *Conn) trim() {
	if c.pool.keeper != nil {
		c.pool.keeper.stop()
	}
	_ = do(over, c.pool.closeIdle) // a connection that does not close is as good as closed
}
