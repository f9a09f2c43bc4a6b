package drivertest_test

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// mutant is the scratch dialect with a fault.
type mutant struct {
	fault string
	found string // by this subtest of the suite
	says  string // part of what it says
	dialect
	info      func(registry.Info) registry.Info
	connector func(registry.Config, registry.Env) (driver.Connector, error) // around the scratch dialect's
	kind      func(error) registry.Kind
	system    func(registry.Config) registry.Config
}

func (m mutant) Info() registry.Info {
	if m.info != nil {
		return m.info(m.dialect.Info())
	}
	return m.dialect.Info()
}

func (m mutant) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if m.connector != nil {
		return m.connector(cfg, env)
	}
	return m.dialect.Connector(cfg, env)
}

func (m mutant) Kind(err error) registry.Kind {
	if m.kind != nil {
		return m.kind(err)
	}
	return m.dialect.Kind(err)
}

func (m mutant) SystemDatabase(cfg registry.Config) registry.Config {
	if m.system != nil {
		return m.system(cfg)
	}
	return m.dialect.SystemDatabase(cfg)
}

// with changes what the scratch dialect gets.
func with(change func(*registry.Config, *registry.Env)) func(registry.Config, registry.Env) (driver.Connector, error) {
	return func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
		change(&cfg, &env)
		return dialect{}.Connector(cfg, env)
	}
}

var ownAliases = []string{"scratchdb"}

var mutants = append([]mutant{
	{
		fault: "hands out its own slice", found: "driver/Info is the same every time, and a copy of its own",
		says: "after a caller changed its copy",
		info: func(info registry.Info) registry.Info { info.Aliases = ownAliases; return info },
	},
	{
		fault: "dials too early", found: "driver/a connector is made without network or files",
		says: "192.0.2.1:9 was dialed",
		connector: func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
			if nc, err := network.DialFunc(env)(context.Background(), "tcp", net.JoinHostPort(cfg.Host, "9")); err == nil {
				_ = nc.Close()
			}
			return dialect{}.Connector(cfg, env)
		},
	},
	{
		fault: "writes to the config", found: "driver/a config is not changed by its use",
		says: "?seen=1",
		connector: with(func(cfg *registry.Config, _ *registry.Env) {
			if cfg.Params != nil {
				cfg.Params["seen"] = "1"
				cfg.Params = nil
			}
		}),
	},
	{
		fault: "ignores params", found: "driver/an unknown param is refused by its name",
		says:      "which was to fail",
		connector: with(func(cfg *registry.Config, _ *registry.Env) { cfg.Params = nil }),
	},
	{
		fault: "ignores the file name", found: "driver/a field without a meaning is refused by its name",
		says:      "which was to fail",
		connector: with(func(cfg *registry.Config, _ *registry.Env) { cfg.Filename = "" }),
	},
	{
		fault: "goes by texts", found: "driver/an error of others has no kind and no advice",
		says: "is \"auth\", although the error is not the driver's own",
		kind: func(err error) registry.Kind {
			if err != nil && strings.Contains(err.Error(), "password") {
				return registry.KindAuth
			}
			return dialect{}.Kind(err)
		},
	},
	{
		fault: "goes by the outermost error", found: "failures/an error keeps its kind when it is wrapped",
		says: "becomes \"unknown\" in *fmt.wrapError",
		kind: func(err error) registry.Kind {
			if strings.HasPrefix(fmt.Sprintf("%T", err), "*fmt.") {
				return registry.KindUnknown
			}
			return dialect{}.Kind(err)
		},
	},
	{
		fault: "takes a wrong password for a lost connection", found: "failures/a wrong password",
		says: "got the kind \"lost\" after 3 attempts",
		kind: func(err error) registry.Kind {
			if kind := (dialect{}).Kind(err); kind != registry.KindAuth {
				return kind
			}
			return registry.KindLost
		},
	},
	{
		fault: "loses the user", found: "driver/SystemDatabase changes the database and nothing else",
		says:   "want scratch://ada:",
		system: func(cfg registry.Config) registry.Config { cfg.User = ""; return cfg },
	},
	{
		fault: "ignores the database", found: "opening/Test of a missing database fails and creates nothing",
		says:      ") succeeded",
		connector: with(func(cfg *registry.Config, _ *registry.Env) { cfg.Database = "main" }),
	},
	{
		fault: "dials itself", found: "network/WithDialer opens every connection, and gets the host as it is in the config",
		says:      "after the dials []",
		connector: with(func(_ *registry.Config, env *registry.Env) { env.Dial = nil }),
	},
	{
		fault: "resolves before it dials", found: "network/WithDialer opens every connection, and gets the host as it is in the config",
		says:      "want tcp and drivertest.invalid",
		connector: with(func(cfg *registry.Config, _ *registry.Env) { cfg.Host = "127.0.0.1" }),
	},
	{
		fault: "hides the dialer's error", found: "network/an error of the dialer comes through",
		says: "the error of the dialer is not in",
		connector: with(func(_ *registry.Config, env *registry.Env) {
			dial := env.Dial
			env.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := dial(ctx, network, addr)
				if err != nil {
					err = errors.New(err.Error())
				}
				return nc, err
			}
		}),
	},
	{
		fault: "asks for credentials once", found: "network/WithCredentials is asked for every connection",
		says: "asked 1 times for 3 connections",
		connector: with(func(_ *registry.Config, env *registry.Env) {
			if ask := env.Credentials; ask != nil {
				var once sync.Once
				var user string
				var password registry.Secret
				var err error
				env.Credentials = func(ctx context.Context) (string, registry.Secret, error) {
					once.Do(func() { user, password, err = ask(ctx) })
					return user, password, err
				}
			}
		}),
	},
	{
		fault: "ignores credentials", found: "network/WithCredentials is asked for every connection",
		says:      "user or password is wrong",
		connector: with(func(_ *registry.Config, env *registry.Env) { env.Credentials = nil }),
	},
	{
		fault: "goes on without TLS", found: "network/TLS is used or refused, and nothing goes in the clear",
		says:      "for all to read",
		connector: with(func(cfg *registry.Config, _ *registry.Env) { cfg.TLS = nil }),
	},
}, connMutants...)

const mutantVariable = "PATCHBAY_TEST_MUTANT"

// TestMutantsAreFound has the suite run in a process of its own for each fault, because it has to fail there.
func TestMutantsAreFound(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.fault, func(t *testing.T) {
			t.Parallel()
			path := "TestMutant/" + strings.ReplaceAll(m.found, " ", "_")
			pattern := "^" + strings.ReplaceAll(path, "/", "$/^") + "$"
			cmd := exec.CommandContext(t.Context(), self, "-test.run="+pattern, "-test.v")
			cmd.Env = append(os.Environ(), mutantVariable+"="+m.fault)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			if !errors.As(err, &failed) || !strings.Contains(string(out), "--- FAIL: "+path+" ") || !strings.Contains(string(out), m.says) {
				t.Errorf("%q was not found by %q: %v\n%s", m.fault, m.found, err, out)
			}
		})
	}
}

// TestMutant is what the processes of TestMutantsAreFound run.
func TestMutant(t *testing.T) {
	fault, wanted := os.LookupEnv(mutantVariable)
	if !wanted {
		t.Skip("runs with a fault in the environment only: TestMutantsAreFound does so")
	}
	for _, m := range mutants {
		if m.fault == fault {
			drivertest.SetPatience(2 * time.Second) // what hangs, hangs for longer
			target := scratchTarget(t, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
			target.Driver = m
			drivertest.Run(t, target)
			return
		}
	}
	t.Fatalf("there is no fault %q", fault)
}
