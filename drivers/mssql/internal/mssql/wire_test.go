package mssql

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"testing"

	"github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

// TestWireIsThatOfTheDriver compares what a server gets with what it gets from the driver alone, which does TLS itself then.
func TestWireIsThatOfTheDriver(t *testing.T) {
	for _, m := range append(modes, mode{"insisted on", nil, "false"}) {
		t.Run(m.name, func(t *testing.T) {
			s := start(t)
			if m.name == "insisted on" {
				s.Configure(func(o *tdstest.Options) { o.Encryption = tdstest.EncryptionRequired })
			}
			cfg := m.config(s)
			cfg.AppName, cfg.Params["workstationId"] = "wire", "desk"
			if m.tls == nil {
				cfg.TLS = nil
			}
			built, err := build(cfg, registry.Env{})
			if err != nil {
				t.Fatal(err)
			}
			encryption, err := built.tls.Config()
			if err != nil {
				t.Fatal(err)
			}
			encryption.RootCAs = authority.Pool() // of all later ones: there is no file to read
			config := *built.set.config
			config.Host, config.Port, config.User, config.Password = cfg.Host, uint64(cfg.Port), cfg.User, cfg.Password.Reveal()
			if config.TLSConfig, err = built.tlsConfig(cfg.Host); err != nil {
				t.Fatal(err)
			}
			switch m.name {
			case "TLS":
				config.Encryption = msdsn.EncryptionRequired
			case "strict":
				config.Encryption = msdsn.EncryptionStrict
			}
			var got [2]tdstest.Connection
			for i, c := range []driver.Connector{mssql.NewConnectorConfig(config), built} {
				conn, err := c.Connect(limit(t))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.(driver.Pinger).Ping(limit(t)); err != nil {
					t.Fatal(err)
				}
				got[i] = last(t, s)
				got[i].Prelogin.TraceID = nil // which is drawn at random
			}
			theirs, ours := got[0], got[1]
			if !reflect.DeepEqual(theirs.Prelogin, ours.Prelogin) || !reflect.DeepEqual(theirs.Login, ours.Login) || !reflect.DeepEqual(theirs.Requests, ours.Requests) {
				t.Errorf("the server got\n%+v\n%+v\n%+v\nfrom the driver\n%+v\n%+v\n%+v", ours.Prelogin, ours.Login, ours.Requests, theirs.Prelogin, theirs.Login, theirs.Requests)
			}
			if encrypted := func(c tdstest.Connection) string {
				if c.TLS == nil {
					return "no"
				}
				return fmt.Sprint(c.TLS.Version, c.TLS.CipherSuite, c.TLS.NegotiatedProtocol, c.TLS.ServerName, c.TLS.Strict)
			}; encrypted(theirs) != encrypted(ours) {
				t.Errorf("encryption is %s, and that of the driver %s", encrypted(ours), encrypted(theirs))
			}
		})
	}
}
