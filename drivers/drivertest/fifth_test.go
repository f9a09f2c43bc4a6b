package drivertest_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// The dialect scratch is what someone writes who adds a dialect of their own. Its database, a server and a
// driver for database/sql, is in the files scratch*_test.go and would be a module of somebody else.

func init() { registry.Register(dialect{}) }

type dialect struct{}

func (dialect) Info() registry.Info {
	return registry.Info{
		Dialect: "scratch", Aliases: []string{"scratchdb"},
		Import: "example.org/scratch", Module: "example.org/scratchdb", Port: 5050,
		VersionQuery: "SELECT sqlite_version()", SingleWriter: true,
		Levels: []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelSerializable},
	}
}

func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if env.NoDatabase {
		cfg.Database = "system"
	}
	encryption, err := network.TLSConfig(&cfg)
	_, wrong := registry.CheckParams(cfg.Params, nil)
	if err := errors.Join(network.CheckFields(&cfg), wrong, err); err != nil {
		return nil, err
	}
	return &connector{cfg, env, encryption}, nil
}

type connector struct {
	cfg registry.Config
	env registry.Env
	tls *tls.Config
}

func (c *connector) Driver() driver.Driver { return scratchDriver{} }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	return network.LogIn(ctx, &c.cfg, c.env, table.Diagnose, func(ctx context.Context, who registry.Login) (driver.Conn, error) {
		where, address := network.Address(&c.cfg, 5050)
		nc, err := network.DialFunc(c.env)(ctx, where, address)
		if err != nil {
			return nil, err
		}
		login := scratchLogin{who.User, who.Password.Reveal(), c.cfg.Database, network.AppName(&c.cfg)}
		return scratchConnect(ctx, nc, c.tls, login)
	})
}

func (dialect) Diagnose(err error) registry.Diagnosis { return table.Diagnose(err) }

// table has a row for each code in the manual of the database.
var table = network.Table{
	Read: func(err error) (network.Message, bool) {
		e, ok := errors.AsType[*scratchError](err)
		if !ok {
			return network.Message{}, false
		}
		return network.Message{Codes: []string{strconv.Itoa(e.Code)}, Text: e.Text, Constraint: e.Constraint}, true
	},
	Codes: []network.Code{
		{Codes: strconv.Itoa(wrongLogin), Kind: registry.KindAuth, Hint: "check user and password; ask the server's owner for an account"},
		{Codes: strconv.Itoa(noDatabase), Kind: registry.KindNoDatabase},
		{Codes: strconv.Itoa(noTLS), Kind: registry.KindTLS, Hint: "leave out ssl, or give the server a certificate"},
		{Codes: strconv.Itoa(readOnly), Kind: registry.KindReadOnly, Hint: "begin a transaction that may write"},
		{Codes: strconv.Itoa(busy), Kind: registry.KindBusy},
		{Codes: strconv.Itoa(duplicate), Kind: registry.KindUnique},
		{Codes: strconv.Itoa(dangling), Kind: registry.KindForeignKey},
		{Codes: strconv.Itoa(missing), Kind: registry.KindNotNull},
		{Codes: strconv.Itoa(forbidden), Kind: registry.KindCheck},
		{Codes: strconv.Itoa(refused), Kind: registry.KindDenied, Hint: "the user may do nothing: ask the server's owner"},
		{Codes: strconv.Itoa(there), Kind: registry.KindExists},
		{Codes: strconv.Itoa(unknown), Kind: registry.KindUndefined},
		{Codes: strconv.Itoa(mistake), Kind: registry.KindSyntax},
	},
}

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
	cfg := registry.Config{
		Dialect: "scratch", Host: addr.IP.String(), Port: addr.Port,
		User: scratchUser, Password: registry.NewSecret(scratchPassword), Database: "main",
	}
	poor, impatient := cfg.Clone(), cfg.Clone()
	poor.User, impatient.Database = scratchPoor, "hasty"
	codes := strconv.Itoa
	return drivertest.Target{
		Driver: dialect{},
		Config: cfg,
		Lacks: map[drivertest.Ability]string{
			drivertest.FKNames:   "the server does not say which one",
			drivertest.Sizes:     "a column takes any value",
			drivertest.Deadlocks: "there is one lock for writing",
		},
		Codes: map[registry.Kind]string{
			registry.KindUnique: codes(duplicate), registry.KindForeignKey: codes(dangling), registry.KindNotNull: codes(missing),
			registry.KindCheck: codes(forbidden), registry.KindDenied: codes(refused), registry.KindExists: codes(there),
			registry.KindUndefined: codes(unknown), registry.KindSyntax: codes(mistake), registry.KindBusy: codes(busy),
		},
		Impatient: &impatient,
		Poor:      &poor,
		Columns:   drivertest.Columns{Decimal: "TEXT"},
		Slow:      "SHOW NOTHING",
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
