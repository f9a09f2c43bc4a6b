package drivertest_test

import (
	"context"
	"crypto/tls"
	"database/sql"
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
	diagnose  func(error) registry.Diagnosis
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

func (m mutant) Diagnose(err error) registry.Diagnosis {
	if m.diagnose != nil {
		return m.diagnose(err)
	}
	return m.dialect.Diagnose(err)
}

// with changes what the scratch dialect gets.
func with(change func(*registry.Config, *registry.Env)) func(registry.Config, registry.Env) (driver.Connector, error) {
	return func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
		change(&cfg, &env)
		return dialect{}.Connector(cfg, env)
	}
}

// changed changes what the scratch dialect says of an error.
func changed(change func(*registry.Diagnosis)) func(error) registry.Diagnosis {
	return func(err error) registry.Diagnosis {
		d := dialect{}.Diagnose(err)
		change(&d)
		return d
	}
}

// other returns to in the place of from.
func other(kind, from, to registry.Kind) registry.Kind {
	if kind == from {
		return to
	}
	return kind
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
		fault: "goes by texts", found: "driver/an error of others has no diagnosis",
		says: "{Kind:auth Code: Hint: Permanent:false Constraint:}, although the error is not the driver's own",
		diagnose: func(err error) registry.Diagnosis {
			if err != nil && strings.Contains(err.Error(), "password") {
				return registry.Diagnosis{Kind: registry.KindAuth}
			}
			return dialect{}.Diagnose(err)
		},
	},
	{
		fault: "goes by the outermost error", found: "failures/an error keeps its kind when it is wrapped",
		says: "becomes \"unknown\" in *fmt.wrapError",
		diagnose: func(err error) registry.Diagnosis {
			if strings.HasPrefix(fmt.Sprintf("%T", err), "*fmt.") {
				return registry.Diagnosis{}
			}
			return dialect{}.Diagnose(err)
		},
	},
	{
		fault: "takes a wrong password for a lost connection", found: "failures/a wrong password",
		says: "got the kind \"lost\" after 3 attempts",
		diagnose: func(err error) registry.Diagnosis {
			d := dialect{}.Diagnose(err)
			if d.Kind == registry.KindAuth {
				d.Kind = registry.KindLost
			}
			return d
		},
	},
	{
		fault: "takes a duplicate for a check", found: "kinds/a key that is there already",
		says:     "got the kind \"check\", want \"unique\"",
		diagnose: changed(func(d *registry.Diagnosis) { d.Kind = other(d.Kind, registry.KindUnique, registry.KindCheck) }),
	},
	{
		fault: "drops codes", found: "kinds/no value where one must be",
		says:     "the code is \"\"",
		diagnose: changed(func(d *registry.Diagnosis) { d.Code = "" }),
	},
	{
		fault: "names no constraint", found: "kinds/a value that a check forbids",
		says:     "the constraint is called \"\"",
		diagnose: changed(func(d *registry.Diagnosis) { d.Constraint = "" }),
	},
	{
		fault: "cuts names of constraints", found: "kinds/a key that is there already",
		says: "the constraint is called \"drivertest_",
		diagnose: changed(func(d *registry.Diagnosis) {
			d.Constraint, _, _ = strings.Cut(d.Constraint, ", ")
		}),
	},
	{
		fault: "shows values in hints", found: "kinds/a row that refers to none, or is referred to",
		says: "without the value \"4711\"",
		diagnose: changed(func(d *registry.Diagnosis) {
			if d.Kind == registry.KindForeignKey {
				d.Hint = "there is no row 4711: insert it"
			}
		}),
	},
	{
		fault: "takes what is missing for a mistake", found: "kinds/names that are not there",
		says:     "got the kind \"syntax\", want \"undefined\"",
		diagnose: changed(func(d *registry.Diagnosis) { d.Kind = other(d.Kind, registry.KindUndefined, registry.KindSyntax) }),
	},
	{
		fault: "takes a refusal for a failed login", found: "kinds/a table that the user may not use",
		says:     "got the kind \"auth\", want \"denied\"",
		diagnose: changed(func(d *registry.Diagnosis) { d.Kind = other(d.Kind, registry.KindDenied, registry.KindAuth) }),
	},
	{
		fault: "takes a lock for a timeout", found: "kinds/two transactions that cannot both be true",
		says:     "got the kind \"timeout\", want \"conflict\"",
		diagnose: changed(func(d *registry.Diagnosis) { d.Kind = other(d.Kind, registry.KindBusy, registry.KindTimeout) }),
	},
	{
		fault: "tells a level that it does not have", found: "transactions/each isolation level is used or refused",
		says: "Info.Levels are [Snapshot Serializable]",
		info: func(info registry.Info) registry.Info { info.Levels[0] = sql.LevelSnapshot; return info },
	},
	{
		fault: "hands no socket to Watch", found: "driver/every network connection is handed to Watch, and what that returns is used",
		says:      "0 of 1 network connections were handed to Watch",
		connector: with(func(_ *registry.Config, env *registry.Env) { env.Watch = nil }),
	},
	{
		fault: "goes on with its own socket", found: "driver/every network connection is handed to Watch, and what that returns is used",
		says: "the connection that Watch returns is not used",
		connector: with(func(_ *registry.Config, env *registry.Env) {
			if watch := env.Watch; watch != nil {
				env.Watch = func(ctx context.Context, nc net.Conn) net.Conn {
					watch(ctx, nc)
					return nc
				}
			}
		}),
	},
	{
		fault: "does not log in without a database", found: "opening/ServerOnly needs no database, or is refused",
		says:      "drivertest_",
		connector: with(func(_ *registry.Config, env *registry.Env) { env.NoDatabase = false }),
	},
	{
		fault: "takes a server that takes writes for a reader", found: "opening/the server tells that it takes writes",
		says: "is 0, want 1",
		info: func(info registry.Info) registry.Info { info.RoleQuery = "SELECT 0"; return info },
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
				var login registry.Login
				var err error
				env.Credentials = func(ctx context.Context, refused bool) (registry.Login, error) {
					once.Do(func() { login, err = ask(ctx, refused) })
					return login, err
				}
			}
		}),
	},
	{
		fault: "tries a refused login twice", found: "network/WithCredentials is asked once more after a refusal, and only another login is tried",
		says: "asked, with Refused, [false true false true]",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			dc, err := inner.Connect(ctx)
			if (dialect{}).Diagnose(err).Kind == registry.KindAuth {
				return inner.Connect(ctx)
			}
			return dc, err
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
