package registry_test

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/patchbay-go/patchbay/registry"
)

func ExampleParseURL() {
	cfg, err := registry.ParseURL("sqlite:a%3Fb.db?mode=ro&pool.max=4")
	fmt.Println(cfg.Dialect, cfg.Filename, cfg.Pool.Max, cfg.Params["mode"], err)

	_, err = registry.ParseURL("postgres://app:12/34@db/shop") // the slash ends the host
	fmt.Println(err)
	// Output:
	// sqlite a?b.db 4 ro <nil>
	// config: url contains an "@" that may belong to the password or follow it: write every @ that is not the one before the host as %40, and a / or ? in a password as %2F or %3F
}

func ExampleConfig_UnmarshalJSON() {
	var cfg registry.Config
	err := json.Unmarshal([]byte(`{
		"dialect": "mysql", "host": "db.example", "user": "app", "password": "hunter2", "database": "shop",
		"pool": {"max": 20}, "ssl": {"rejectUnauthorized": true}, "connectTimeout": "5s"
	}`), &cfg)
	fmt.Println(cfg, err)

	err = json.Unmarshal([]byte(`{"dialect": "mysql", "pool": {"maximum": 20}}`), &cfg)
	fmt.Println(err)
	// Output:
	// mysql://app:[redacted]@db.example/shop?pool.max=20&connectTimeout=5s&ssl=true <nil>
	// config: key pool.maximum is not known: use one of min, max, maxIdle, maxLifetime, maxIdleTime
}

func ExampleConfig_Validate() {
	cfg := registry.Config{Dialect: "postgres", Host: "db.example:5432", Pool: registry.Pool{Min: 5, Max: 2}}
	fmt.Println(cfg.Validate())
	// Output:
	// config: host contains a colon and is not an IPv6 address: put the port into the field port
	// config: pool.min is 5, more than pool.max, which is 2: lower it or raise pool.max
}

func ExampleSecret() {
	password := registry.NewSecret("hunter2")
	account := struct {
		User     string
		Password registry.Secret
	}{"app", password}
	text, err := json.Marshal(account)
	fmt.Printf("%v %+v %s %v\n", password, account, text, err)
	fmt.Println(password.Reveal())
	// Output:
	// [redacted] {User:app Password:[redacted]} {"User":"app","Password":"[redacted]"} <nil>
	// hunter2
}

// A program that can do without a dialect asks before it offers it.
func ExampleLookup() {
	for _, name := range []string{"postgrs", "sqlite"} {
		_, err := new(registry.Registry).Lookup(name) // registry.Lookup asks the default registry
		if unsupported, ok := errors.AsType[*registry.UnsupportedDialectError](err); ok {
			fmt.Println("no such thing, perhaps", unsupported.Nearest)
		}
		if missing, ok := errors.AsType[*registry.MissingDriverError](err); ok {
			fmt.Println("not linked in, needs the tag", missing.Tag)
		}
	}
	// Output:
	// no such thing, perhaps postgres
	// not linked in, needs the tag sqlite
}

// A program that found an open port says which database is likely to listen there.
func ExampleKnown() {
	for _, info := range registry.Known() {
		if info.Port == 3306 {
			fmt.Println(info.Dialect, "which needs -tags", info.Tag)
		}
	}
	// Output: mysql which needs -tags mysql
}

// ledger is a dialect that does not come with Patchbay. Package drivertest tells how to write one.
type ledger struct{}

func (ledger) Info() registry.Info {
	return registry.Info{Dialect: "ledger", Aliases: []string{"daybook"}, Import: "example.org/ledger"}
}

func (ledger) Connector(registry.Config, registry.Env) (driver.Connector, error) {
	return nil, errors.ErrUnsupported
}

func (ledger) Diagnose(error) registry.Diagnosis { return registry.Diagnosis{} }

// A package of a dialect calls registry.Register from its init. A Registry of one's own holds what is registered
// there and nothing else.
func ExampleRegistry_Register() {
	var r registry.Registry
	r.Register(ledger{})
	d, err := r.Lookup("daybook")
	fmt.Println(d.Info().Dialect, err)

	_, err = r.Lookup("ledgre")
	if unsupported, ok := errors.AsType[*registry.UnsupportedDialectError](err); ok {
		fmt.Println("did you mean", unsupported.Nearest)
	}
	// Output:
	// ledger <nil>
	// did you mean ledger
}
