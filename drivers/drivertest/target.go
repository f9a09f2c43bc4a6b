package drivertest

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// Target is a dialect and a database of it to try it on. Driver and Config are needed, and what the suite can
// neither know nor do without: [Run] says what that is, and to leave it out takes a reason in Lacks.
type Target struct {
	Driver registry.Driver

	// Config opens a database in which the suite may create tables, whose names start with drivertest_, and
	// which it drops again. A password of fewer than 8 characters is not searched for in errors and events.
	Config registry.Config

	// Lacks says what the dialect, or this server of it, cannot do, and why. The checks that need it are
	// skipped, with the reason in their output.
	Lacks map[Ability]string

	// Fields names, as in JSON, further fields of the Config that the dialect has a use for. A server has one
	// for all but filename; a dialect of files has none for host, port, user, password, ssl, appName and
	// credentials.
	Fields []string

	Columns Columns
	Slow    string // a statement that runs for a minute or more unless it is stopped

	// Isolation asks for the isolation level that a transaction really has.
	Isolation func(ctx context.Context, tx *sql.Tx) (string, error)
	// Levels holds what Isolation answers for each level that the dialect offers. All others must be refused.
	Levels map[sql.IsolationLevel]string

	Session  string                                          // a query for the server's name of the connection that it runs on
	Kill     func(ctx context.Context, session string) error // ends a connection from the server's side
	Sessions func(ctx context.Context) (int, error)          // counts the connections that the server has now for Config, its own left out

	// Codes holds for each kind of a statement's failure the codes, separated by spaces, that the database may give to
	// those that the suite provokes, such as "23505" for KindUnique.
	Codes map[registry.Kind]string
	// Impatient is Config with settings by which a statement waits for a lock for a second at most.
	Impatient *registry.Config
	// Poor is Config with a user who may log in, and may not use the tables of the suite.
	Poor *registry.Config

	// Failures are configs that cannot be opened, in addition to those that the suite makes of Config: a wrong
	// password, an unknown user, a missing database, and servers that do not answer as they should.
	Failures []Failure
}

// Columns are the types that columns have in the dialect, with what may follow them in CREATE TABLE.
type Columns struct {
	Int     string // any int64; default BIGINT
	Float   string // any float64; default DOUBLE PRECISION
	Bool    string // default BOOLEAN
	Decimal string // 20 digits before the point and 10 after it, none of them lost; default DECIMAL(30,10)
	Text    string // any Unicode text of at least 20,000 characters; default TEXT
	Bytes   string // any bytes, at least 100,000; default BLOB
	Time    string // an instant, to the microsecond; default TIMESTAMP
}

// Failure is a config that cannot be opened and what opening it must say.
type Failure struct {
	Name     string // "a locked account"
	Config   registry.Config
	Options  []conn.Option
	Kind     registry.Kind
	Attempts int // of 3; default 3 for a kind that is retried, 0 for KindConfig, 1 for others
}

// Ability is something that a dialect, or a server of it, may not be able to do.
type Ability string

// The abilities that a [Target] may lack.
const (
	Network      Ability = "network"      // connects over the network; a dialect of files lacks it anyway
	Passwords    Ability = "passwords"    // the server refuses a wrong password and an unknown user
	Databases    Ability = "databases"    // a database that is missing is told from one that is there
	Tables       Ability = "tables"       // CREATE TABLE, INSERT, UPDATE, SELECT, DROP TABLE
	Transactions Ability = "transactions" // begin, commit and roll back
	TxContext    Ability = "tx context"   // a transaction whose context ends is rolled back, and its connection is as good as before
	TxLevel      Ability = "tx level"     // the isolation level of a transaction ends with it
	ReadOnly     Ability = "read-only"    // read-only transactions are refused, or refuse to write
	Isolation    Ability = "isolation"    // isolation levels; needs Target.Isolation and Target.Levels
	Cancel       Ability = "cancel"       // a running statement ends with its context; needs Target.Slow
	Kill         Ability = "kill"         // connections can be ended on the server; needs Target.Kill and Target.Session
	Sessions     Ability = "sessions"     // the server's connections can be counted; needs Target.Sessions
	Kinds        Ability = "kinds"        // the diagnosis of a statement's error has a kind and a code; needs Target.Codes
	Constraints  Ability = "constraints"  // the diagnosis names a key or a check that is violated
	ForeignKeys  Ability = "foreign keys" // rows that other rows refer to must be there
	FKNames      Ability = "names of foreign keys"
	Checks       Ability = "checks"        // CHECK constraints
	Sizes        Ability = "sizes"         // SMALLINT, VARCHAR(3) and numbers take what fits, and refuse the rest
	Conflicts    Ability = "conflicts"     // transactions are serializable, by refusing one of those that cannot be
	Deadlocks    Ability = "deadlocks"     // transactions can lock each other's rows, and one of them is ended
	LockTimeouts Ability = "lock timeouts" // waiting for a lock ends; needs Target.Impatient
	Rights       Ability = "rights"        // users may be forbidden to use a table; needs Target.Poor
	Floats       Ability = "floats"
	Bools        Ability = "bools"
	Decimals     Ability = "decimals"
	Bytes        Ability = "bytes"
	Times        Ability = "times"
	UTC          Ability = "utc" // a time is read in UTC, not in the zone that it was written with
)

// abilities says for each what is missing in a Target that has not what it needs.
var abilities = map[Ability]func(*Target) string{
	Network: nil, Passwords: nil, Databases: nil, Tables: nil, Transactions: nil, TxContext: nil, TxLevel: nil, ReadOnly: nil,
	Floats: nil, Bools: nil, Decimals: nil, Bytes: nil, Times: nil, UTC: nil,
	Constraints: nil, ForeignKeys: nil, FKNames: nil, Checks: nil, Sizes: nil, Conflicts: nil, Deadlocks: nil,
	Kinds:        func(t *Target) string { return unless(t.Codes != nil, "Codes") },
	LockTimeouts: func(t *Target) string { return unless(t.Impatient != nil, "Impatient") },
	Rights:       func(t *Target) string { return unless(t.Poor != nil, "Poor") },
	Isolation:    func(t *Target) string { return unless(t.Isolation != nil && t.Levels != nil, "Isolation and Levels") },
	Cancel:       func(t *Target) string { return unless(t.Slow != "", "Slow") },
	Kill:         func(t *Target) string { return unless(t.Kill != nil && t.Session != "", "Kill and Session") },
	Sessions:     func(t *Target) string { return unless(t.Sessions != nil, "Sessions") },
}

func unless(given bool, fields string) string {
	if given {
		return ""
	}
	return fields
}

// complete fills in the defaults and stops the test if the target is not fit for use.
func (target *Target) complete(t *testing.T) {
	t.Helper()
	if target.Driver == nil {
		t.Fatal("drivertest: Target.Driver is nil")
	}
	target.Lacks = maps.Clone(target.Lacks)
	if target.Lacks == nil {
		target.Lacks = make(map[Ability]string)
	}
	if target.Driver.Info().Files {
		for _, a := range []Ability{Network, Passwords, Kill, Sessions, Rights} {
			if target.Lacks[a] == "" {
				target.Lacks[a] = "a dialect of files has no server"
			}
		}
	}
	for a, reason := range target.Lacks {
		if _, known := abilities[a]; !known {
			t.Errorf("drivertest: Target.Lacks has %q, which is no Ability", a)
		} else if reason == "" {
			t.Errorf("drivertest: Target.Lacks has %q without a reason", a)
		}
	}
	for _, a := range slices.Sorted(maps.Keys(abilities)) {
		if missing := abilities[a]; missing == nil || target.Lacks[a] != "" {
			continue
		} else if fields := missing(target); fields != "" {
			t.Errorf("drivertest: set Target.%s, or give the reason why not as Target.Lacks[%q]", fields, a)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	for _, cfg := range []*registry.Config{&target.Config, target.Impatient, target.Poor} {
		if cfg != nil && cfg.Dialect == "" {
			cfg.Dialect = target.Driver.Info().Dialect
		}
	}
	target.Columns.complete()
}

func (columns *Columns) complete() {
	for _, d := range []struct {
		at    *string
		value string
	}{
		{&columns.Int, "BIGINT"},
		{&columns.Float, "DOUBLE PRECISION"},
		{&columns.Bool, "BOOLEAN"},
		{&columns.Decimal, "DECIMAL(30,10)"},
		{&columns.Text, "TEXT"},
		{&columns.Bytes, "BLOB"},
		{&columns.Time, "TIMESTAMP"},
	} {
		if *d.at == "" {
			*d.at = d.value
		}
	}
}
