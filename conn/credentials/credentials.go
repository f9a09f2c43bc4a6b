// Package credentials says where the logins of connections come from, for passwords that rotate and tokens that expire:
// a [Func] that is asked before every physical connection, directly (conn.WithCredentials) or by the name of its
// [Provider] in a config. It knows no dialect and opens no connection. A config file alone cannot make a program run
// commands or read more files than PasswordFile: such providers are packages below this one, to be imported.
package credentials

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-go/patchbay/registry"
)

// Request is what a [Func] is asked for.
type Request struct {
	// Config is that of the connection. It must not be changed.
	Config registry.Config

	// Refused says that the server did not accept the login that was given before for this connection.
	Refused bool
}

// Func gives the login for a physical connection. An empty User is that of the config. It is called concurrently, within
// the connect timeout; see [Cached].
type Func func(context.Context, Request) (registry.Login, error)

// Provider makes a Func of the options in a config, as [registry.Credentials] has them. An error is a
// [*registry.ConfigError] of the option that is wrong. It does no I/O.
type Provider func(options map[string]string) (Func, error)

var (
	mu        sync.RWMutex
	providers = make(map[string]Provider)
	names     []string // of providers, in their order
)

// Register makes a provider known under a name, for configs. Packages with a provider call it from init. It panics if
// the name is taken or p is nil.
func Register(name string, p Provider) {
	mu.Lock()
	defer mu.Unlock()
	if _, taken := providers[name]; taken || p == nil || name == "" {
		panic(fmt.Sprintf("credentials: the provider %q is nil, without a name, or registered twice", name))
	}
	providers[name] = p
	names = append(names, name)
	slices.Sort(names)
}

// New returns the Func of a config: of its provider, or of its PasswordFile; nil if it has neither.
func New(cfg registry.Config) (Func, error) {
	if cfg.PasswordFile != "" {
		return File(cfg.PasswordFile), nil
	}
	name := cfg.Credentials.Provider
	if name == "" {
		return nil, nil
	}
	mu.RLock()
	p, known := providers[name]
	all := strings.Join(names, ", ")
	mu.RUnlock()
	if !known {
		cure := "import the package that has it, such as conn/credentials/command"
		if all != "" {
			cure = "use " + all + ", or " + cure
		}
		return nil, registry.NewConfigError("credentials.provider", "is not known in this program", cure)
	}
	return p(maps.Clone(cfg.Credentials.Options))
}

// Env returns an Env whose Credentials asks as the config says, for the packages drivers/X/native, which make the config of
// a database module. It is nil where the config holds the login itself.
func Env(cfg registry.Config) (registry.Env, error) {
	ask, err := New(cfg)
	if err != nil || ask == nil {
		return registry.Env{}, err
	}
	return registry.Env{Credentials: ask.For(cfg)}, nil
}

// For returns f as the Credentials of an Env, for connections of cfg.
func (f Func) For(cfg registry.Config) func(ctx context.Context, refused bool) (registry.Login, error) {
	cfg = cfg.Clone()
	return func(ctx context.Context, refused bool) (registry.Login, error) {
		login, err := f(ctx, Request{cfg, refused})
		login.User = cmp.Or(login.User, cfg.User)
		return login, err
	}
}

// Options checks the options of a provider against the names that it takes; that of a required one ends in "!". The
// error is for the first that is missing or unknown.
func Options(given map[string]string, names ...string) error {
	var known []string
	for _, name := range names {
		name, required := strings.CutSuffix(name, "!")
		known = append(known, name)
		if required && given[name] == "" {
			return registry.NewConfigError("credentials."+name, "is empty", "the provider needs it")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return registry.NewConfigError("credentials."+name, "is not known", "use one of "+strings.Join(known, ", "))
		}
	}
	return nil
}
