package drivertest_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// The dialect scratch is what someone writes who adds a dialect of their own. Its database, a server and a
// driver for database/sql, is in the files scratch*_test.go and would be a module of somebody else.

func init() { registry.Register(dialect{}) }

// dialect dials as package network does, and is a [registry.SystemDatabaser], [registry.Versioner] and
// [registry.Adviser] too.
type dialect struct{ network.Dialer }

func (dialect) Info() registry.Info {
	return registry.Info{
		Dialect: "scratch", Aliases: []string{"scratchdb"},
		Import: "example.org/scratch", Module: "example.org/scratchdb", Port: 5050,
	}
}

func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	encryption, err := network.TLSConfig(&cfg)
	err = errors.Join(network.CheckFields(&cfg), registry.CheckParams(cfg.Params, nil), err)
	if err != nil {
		return nil, err
	}
	return &connector{cfg.Clone(), env, encryption}, nil
}

type connector struct {
	cfg registry.Config
	env registry.Env
	tls *tls.Config
}

func (c *connector) Driver() driver.Driver { return scratchDriver{} }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	user, password := c.cfg.User, c.cfg.Password
	if c.env.Credentials != nil {
		var err error
		if user, password, err = c.env.Credentials(ctx); err != nil {
			return nil, err
		}
	}
	where, address := network.Address(&c.cfg, 5050)
	nc, err := network.DialFunc(c.env)(ctx, where, address)
	if err != nil {
		return nil, err
	}
	login := scratchLogin{user, password.Reveal(), c.cfg.Database, network.AppName(&c.cfg)}
	return scratchConnect(ctx, nc, c.tls, login)
}

// scratchErrors is the table that a manual of the database would have.
var scratchErrors = map[int]struct {
	kind registry.Kind
	hint string
}{
	wrongLogin: {registry.KindAuth, "check user and password; ask the server's owner for an account"},
	noDatabase: {registry.KindNoDatabase, ""},
	noTLS:      {registry.KindTLS, "leave out ssl, or give the server a certificate"},
	readOnly:   {registry.KindReadOnly, "begin a transaction that may write"},
	busy:       {registry.KindBusy, ""},
}

func (dialect) Kind(err error) registry.Kind {
	if e, ok := errors.AsType[*scratchError](err); ok {
		return scratchErrors[e.Code].kind
	}
	return network.Kind(err)
}

func (dialect) Advise(err error) registry.Advice {
	if e, ok := errors.AsType[*scratchError](err); ok {
		return registry.Advice{Hint: scratchErrors[e.Code].hint}
	}
	return network.Advise(err)
}

func (dialect) SystemDatabase(cfg registry.Config) registry.Config {
	cfg.Database = "system"
	return cfg
}

func (dialect) VersionQuery() string { return "SELECT sqlite_version()" }

// TestScratch is the one call that tries all of it.
func TestScratch(t *testing.T) {
	for name, encryption := range map[string]*tls.Config{
		"a server with TLS":    {Certificates: []tls.Certificate{certificate(t)}},
		"a server without TLS": nil,
	} {
		t.Run(name, func(t *testing.T) { drivertest.Run(t, scratchTarget(t, encryption)) })
	}
}

func scratchTarget(t *testing.T, encryption *tls.Config) drivertest.Target {
	s := startScratch(t, encryption)
	addr := s.listener.Addr().(*net.TCPAddr)
	return drivertest.Target{
		Driver: dialect{},
		Config: registry.Config{
			Dialect: "scratch", Host: addr.IP.String(), Port: addr.Port,
			User: scratchUser, Password: registry.NewSecret(scratchPassword), Database: "main",
		},
		Columns: drivertest.Columns{Decimal: "TEXT"},
		Slow:    "SHOW NOTHING",
		Isolation: func(ctx context.Context, tx *sql.Tx) (level string, err error) {
			err = tx.QueryRowContext(ctx, "SHOW ISOLATION").Scan(&level)
			return level, err
		},
		Levels: map[sql.IsolationLevel]string{
			sql.LevelReadCommitted: "read committed",
			sql.LevelSerializable:  "serializable",
		},
		Session:  "SHOW SESSION",
		Kill:     s.kill,
		Sessions: func(context.Context) (int, error) { return s.count(), nil },
	}
}
