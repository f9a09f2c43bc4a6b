// Package network holds what drivers of database servers share: TLS from a [registry.Config], the address to
// dial, and the kinds of the errors that come from the network rather than from a database. Driver packages
// call it, those outside this module included. It opens no connection of its own accord and knows no dialect.
package network

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// DefaultHost is what an empty Host means.
const DefaultHost = "localhost"

// Host returns the host to connect to: a name, an IP address without brackets, or the absolute path of a unix
// socket.
func Host(cfg *registry.Config) string {
	if cfg.Host == "" {
		return DefaultHost
	}
	return cfg.Host
}

// IsSocket reports whether the config names a unix socket.
func IsSocket(cfg *registry.Config) bool { return strings.HasPrefix(cfg.Host, "/") }

// Address returns what to dial: the network ("tcp" or "unix") and the address in it. port is that of the
// dialect, for a config without one.
func Address(cfg *registry.Config, port int) (network, address string) {
	if IsSocket(cfg) {
		return "unix", cfg.Host
	}
	if cfg.Port != 0 {
		port = cfg.Port
	}
	return "tcp", net.JoinHostPort(Host(cfg), strconv.Itoa(port))
}

// AppName returns the name under which the server lists the connection: that in the config, or the name of
// the running program.
func AppName(cfg *registry.Config) string {
	if cfg.AppName != "" || len(os.Args) == 0 {
		return cfg.AppName
	}
	return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
}

// CheckFields reports, as a [*registry.ConfigError], a field that no driver of a database server has a use for.
func CheckFields(cfg *registry.Config) error {
	if len(cfg.Hosts) > 0 {
		return wrong("hosts", "is for package conn, which gives a driver one host at a time", "open it with package conn, or name one as host")
	}
	if cfg.Filename != "" {
		return wrong("filename", "is set, but "+cfg.Dialect+" is a server and opens no file", "name the database in the field database")
	}
	return nil
}

// DialFunc returns what a driver dials with: env.Dial, or a [net.Dialer] with its defaults, by whose keep-alive a
// connection that was dropped fails within 150 s of silence; on Linux also while data are on their way. Every connection is
// handed to env.Watch.
func DialFunc(env registry.Env) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := env.Dial
	if dial == nil {
		dial = (&net.Dialer{Control: boundSilence}).DialContext
	}
	if env.Watch == nil {
		return dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return env.Watch(ctx, c), nil
	}
}

// SplitHostPort reads a host as it stands in lists: a name or an address, "host:port", or "[IPv6 address]:port". The
// port is 0 where there is none. Only a host that can be the Host of a Config is ok.
func SplitHostPort(text string) (host string, port int, ok bool) {
	text = strings.TrimSpace(text)
	host = text
	if name, digits, err := net.SplitHostPort(text); err == nil {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return "", 0, false
		}
		host, port = name, int(n)
	}
	cfg := registry.Config{Dialect: "-", Host: host}
	return host, port, host != "" && !IsSocket(&cfg) && cfg.Validate() == nil
}
