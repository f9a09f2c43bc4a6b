package drivertest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// How databases are opened.
var openBehaviours = []behaviour{
	{says: "a database is opened, tested and queried", check: opensAndQueries},
	{says: "every alias opens the same dialect", check: aliasesOpen},
	{says: "Test opens and closes", check: testLeavesNothing},
	{says: "Test of a missing database fails and creates nothing", check: testCreatesNothing, needs: []Ability{Databases}},
	{says: "ServerOnly needs no database, or is refused", check: serverOnly},
	{says: "Raw yields the driver's own connection", check: rawIsTheSame},
	{says: "WithConnector stands around the driver's connector", check: connectorIsWrapped},
	{says: "the server tells its version", check: versionIsTold},
	{says: "the server tells that it takes writes", check: writerIsTold},
}

func opensAndQueries(c check) {
	db, j := c.record(c.config())
	if db.Dialect() != c.info.Dialect || !reflect.DeepEqual(db.Info(), c.Driver.Info()) || db.Name() != "drivertest" {
		c.Errorf("Name %q, Dialect %q, Info %+v do not fit %+v", db.Name(), db.Dialect(), db.Info(), c.info)
	}
	if err := db.PingContext(c.ctx()); err != nil {
		c.Errorf("Ping: %v", err)
	}
	c.works(db)
	if opened := those[conn.Opened](j); len(opened) != 1 || opened[0].Attempts != 1 {
		c.Errorf("the events are %v with %+v, want one opening at the first attempt", j.names(), opened)
	}
}

func aliasesOpen(c check) {
	for _, alias := range c.info.Aliases {
		cfg := c.config()
		cfg.Dialect = alias
		if got := c.open(cfg).Dialect(); got != c.info.Dialect {
			c.Errorf("%q opens %q", alias, got)
		}
	}
}

func (c check) test(cfg registry.Config, opts ...conn.Option) (*journal, error) {
	j := c.journal()
	err := conn.Test(c.ctx(), withRetry(cfg), c.options(j, opts)...)
	c.see(err)
	return j, err
}

func testLeavesNothing(c check) {
	if !c.can(Network) && c.can(Databases) {
		c.close(c.open(c.config())) // makes the file
	}
	before := c.now()
	j, err := c.test(c.config())
	if err != nil {
		c.Fatal(err)
	}
	if got := j.names(); !reflect.DeepEqual(got, []string{"connection:open", "connection:close"}) {
		c.Errorf("the events are %v", got)
	}
	c.nothingLeft(before)
}

func testCreatesNothing(c check) {
	cfg, dir := c.config(), c.TempDir()
	if c.can(Network) {
		cfg.Database = "drivertest_" + unique()
	} else {
		cfg.Filename, cfg.Database = filepath.Join(dir, "missing"), ""
	}
	for range 2 { // had the first created it, the second would succeed
		if _, err := c.test(cfg); err == nil {
			c.Errorf("Test(%v) succeeded", cfg)
		}
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) != 0 {
		c.Errorf("made %v (%v)", made, err)
	}
}

func serverOnly(c check) {
	cfg := c.config()
	if c.info.Files {
		if e, _ := c.fail(c.ctx(), cfg, conn.ServerOnly()); e.Kind != registry.KindConfig {
			c.Errorf("got the kind %q, want %q", e.Kind, registry.KindConfig)
		}
		return
	}
	if c.can(Databases) {
		cfg.Database = "drivertest_" + unique()
	}
	c.works(c.open(cfg, conn.ServerOnly()))
}

func rawIsTheSame(c check) {
	plain := sql.OpenDB(c.connector(c.config()))
	c.Cleanup(func() { c.close(plain) })
	want, got := c.rawType(plain), c.rawType(c.open(c.config()).DB)
	if got != want {
		c.Errorf("sql.Conn.Raw yields a %v, without Patchbay a %v", got, want)
	}
}

func (c check) rawType(db *sql.DB) reflect.Type {
	c.Helper()
	dc, err := db.Conn(c.ctx())
	if err != nil {
		c.Fatal(err)
	}
	defer c.close(dc)
	var found reflect.Type
	if err := dc.Raw(func(raw any) error { found = reflect.TypeOf(raw); return nil }); err != nil {
		c.Fatal(err)
	}
	return found
}

// counter is a connector around another that counts, and that fails when it is told to.
type counter struct {
	driver.Connector
	connects atomic.Int32
	failure  atomic.Pointer[error]
}

func (n *counter) option() conn.Option {
	return conn.WithConnector(func(inner driver.Connector) driver.Connector {
		n.Connector = inner
		return n
	})
}

func (n *counter) Connect(ctx context.Context) (driver.Conn, error) {
	n.connects.Add(1)
	if err := n.failure.Load(); err != nil {
		return nil, *err
	}
	return n.Connector.Connect(ctx)
}

func connectorIsWrapped(c check) {
	var n counter
	db := c.open(c.pool(3), n.option())
	c.hold(db, 3)
	if got := n.connects.Load(); got != 3 {
		c.Errorf("3 connections are open, and the connector was asked for %d", got)
	}
}

func versionIsTold(c check) {
	if c.info.VersionQuery == "" {
		c.Skip("Info has no VersionQuery")
	}
	version, err := c.open(c.config()).Version(c.ctx())
	if err != nil || version == "" {
		c.Errorf("the version is %q, %v", version, err)
	}
	c.Log(version)
}

func writerIsTold(c check) {
	if c.info.RoleQuery == "" {
		c.Skip("Info has no RoleQuery")
	}
	if role := one[int](c, c.open(c.config()), c.info.RoleQuery, c.info.QueryArgs...); role != 1 {
		c.Errorf("%s is %d, want 1", c.info.RoleQuery, role)
	}
}
