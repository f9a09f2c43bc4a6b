//go:build postgres || alldrivers

package postgres

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/registry"
)

// Only pgx can make its config, and it reads environment variables and files under the home directory when it
// does, even for what is set otherwise. What the connection string names, they cannot set.
// https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#ParseConfig
var neutral = map[string]string{
	"host": "localhost", "port": "5432", "database": "-", "user": "-", "password": "-", "passfile": "",
	"application_name": "", "options": "", "timezone": "", "connect_timeout": "0",
	"sslmode": "disable", "sslkey": "", "sslcert": "", "sslcertmode": "allow", "sslsni": "", "sslrootcert": "",
	"sslpassword": "", "sslnegotiation": "", "target_session_attrs": "any", "min_protocol_version": "",
	"max_protocol_version": "", "channel_binding": "prefer", "require_auth": "",
}

// withoutEnvironment returns a config of pgx that has the given settings and nothing else.
func withoutEnvironment(settings map[string]string) (*pgx.ConnConfig, error) {
	all := maps.Clone(neutral)
	maps.Copy(all, settings)
	// An empty service is one, too, and has to be found in a file.
	if os.Getenv("PGSERVICE") != "" {
		file, err := serviceFile()
		if err != nil {
			return nil, err
		}
		defer os.Remove(file)
		all["service"], all["servicefile"] = "none", file
	}
	config, err := pgx.ParseConfig(connString(all))
	if err != nil {
		return nil, unreadable
	}
	config.User, config.Password, config.Database = "", "", ""
	config.RuntimeParams = make(map[string]string)
	return config, nil
}

// serviceFile writes a file with the service "none", which sets nothing, and returns its name.
func serviceFile() (string, error) {
	file, err := os.CreateTemp("", "service")
	if err == nil {
		_, err = file.WriteString("[none]\n")
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err == nil {
			return file.Name(), nil
		}
		_ = os.Remove(file.Name()) // it may be there all the same; the reason to give is the first one
	}
	return "", &registry.ConfigError{
		Field:   "environment variable PGSERVICE",
		Problem: "is set, and without a temporary file pgx cannot be kept from following it",
		Cure:    "unset it, or set params.environment to use",
	}
}

// withEnvironment returns a config of pgx in which the environment completes cfg. What pgx needs to find the
// password in the password file is in the string; the password is not.
func withEnvironment(cfg registry.Config, hosts []*pgconn.FallbackConfig, settings map[string]string) (*pgx.ConnConfig, error) {
	all := make(map[string]string)
	maps.Copy(all, settings)
	if cfg.Host != "" {
		all["host"] = join(hosts, func(host *pgconn.FallbackConfig) string { return host.Host })
	}
	if slices.ContainsFunc(hosts, func(host *pgconn.FallbackConfig) bool { return host.Port != 0 }) {
		all["port"] = join(hosts, func(host *pgconn.FallbackConfig) string { return strconv.Itoa(int(cmp.Or(host.Port, defaultPort))) })
	}
	if cfg.User != "" {
		all["user"] = cfg.User
	}
	if cfg.Database != "" {
		all["database"] = cfg.Database
	}
	config, err := pgx.ParseConfig(connString(all))
	if err != nil {
		return nil, unreadable
	}
	return config, nil
}

func join(hosts []*pgconn.FallbackConfig, text func(*pgconn.FallbackConfig) string) string {
	var all []string
	for _, host := range hosts {
		all = append(all, text(host))
	}
	return strings.Join(all, ",")
}

// unreadable stands for every error of pgx here, which may quote what is in the environment.
var unreadable = &registry.ConfigError{
	Field:   "environment",
	Problem: "has a PG... variable, or a file that one names, that pgx cannot read",
	Cure:    "compare them with https://www.postgresql.org/docs/current/libpq-envars.html",
}

// hostsFrom lists the hosts that pgx has found, each of which is there twice where sslmode allows for plaintext.
func hostsFrom(config *pgconn.Config) []*pgconn.FallbackConfig {
	all := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	return slices.DeleteFunc(slices.Clone(all), func(this *pgconn.FallbackConfig) bool {
		return this.TLSConfig != nil && slices.ContainsFunc(all, func(other *pgconn.FallbackConfig) bool {
			return other.TLSConfig == nil && other.Host == this.Host && other.Port == this.Port
		})
	})
}

// connString writes settings the way libpq reads them.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
func connString(settings map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		b.WriteString(name + "='" + quote.Replace(settings[name]) + "' ")
	}
	return b.String()
}

var quote = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
