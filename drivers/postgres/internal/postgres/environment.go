package postgres

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/registry"
)

// nameValue is a name and a value in a connection string. Of two with one name the later counts.
type nameValue struct{ name, value string }

// Only pgx can make its config, and it reads environment variables and files under the home directory when it
// does, even for what is set otherwise. What the connection string names, they cannot set.
// https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#ParseConfig
var neutral = []nameValue{
	{"host", "localhost"},
	{"port", "5432"},
	{"database", "-"},
	{"user", "-"},
	{"password", "-"},
	{"passfile", ""},
	{"application_name", ""},
	{"options", ""},
	{"timezone", ""},
	{"connect_timeout", "0"},
	{"sslmode", "disable"},
	{"sslkey", ""},
	{"sslcert", ""},
	{"sslcertmode", "allow"},
	{"sslsni", ""},
	{"sslrootcert", ""},
	{"sslpassword", ""},
	{"sslnegotiation", ""},
	{"target_session_attrs", "any"},
	{"min_protocol_version", ""},
	{"max_protocol_version", ""},
	{"channel_binding", "prefer"},
	{"require_auth", ""},
}

// withoutEnvironment returns a config of pgx that has the given settings and nothing else.
func withoutEnvironment(settings []nameValue) (config *pgx.ConnConfig, err error) {
	err = neutrally(settings, func(text string) error {
		if config, err = pgx.ParseConfig(text); err != nil {
			return unreadable
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	config.User, config.Password, config.Database = "", "", ""
	config.RuntimeParams = make(map[string]string)
	return config, nil
}

// neutrally calls parse with a connection string that has the given settings and leaves nothing to the environment.
func neutrally(settings []nameValue, parse func(text string) error) error {
	all := slices.Concat(neutral, settings)
	// An empty service is one, too, and has to be found in a file.
	if os.Getenv("PGSERVICE") != "" {
		file, err := serviceFile()
		if err != nil {
			return err
		}
		defer os.Remove(file)
		all = append(all, nameValue{"service", "none"}, nameValue{"servicefile", file})
	}
	return parse(connString(all))
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
func withEnvironment(cfg *registry.Config, hosts []*pgconn.FallbackConfig, all []nameValue) (*pgx.ConnConfig, error) {
	names, ports, given := "", "", false
	for i, host := range hosts {
		if i > 0 {
			names, ports = names+",", ports+","
		}
		names += host.Host
		port := host.Port
		if port == 0 {
			port = defaultPort
		}
		ports += strconv.Itoa(int(port))
		given = given || host.Port != 0
	}
	if cfg.Host == "" {
		names = ""
	}
	if !given {
		ports = ""
	}
	for _, s := range []nameValue{{"host", names}, {"port", ports}, {"user", cfg.User}, {"database", cfg.Database}} {
		if s.value != "" {
			all = append(all, s)
		}
	}
	config, err := pgx.ParseConfig(connString(all))
	if err != nil {
		return nil, unreadable
	}
	return config, nil
}

// unreadable stands for every error of pgx here, which may quote what is in the environment.
var unreadable = &registry.ConfigError{
	Field:   "environment",
	Problem: "cannot be used: pgx cannot parse the PG* variables, or a file they refer to",
	Cure:    "compare them with https://www.postgresql.org/docs/current/libpq-envars.html",
}

// hostsFrom lists the hosts that pgx has found, each of which is there twice where sslmode allows for plaintext.
func hostsFrom(config *pgconn.Config) []*pgconn.FallbackConfig {
	all := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	var hosts []*pgconn.FallbackConfig
	for _, this := range all {
		plaintext := false
		for _, other := range all {
			plaintext = plaintext || other.TLSConfig == nil && other.Host == this.Host && other.Port == this.Port
		}
		if this.TLSConfig == nil || !plaintext {
			hosts = append(hosts, this)
		}
	}
	return hosts
}

// connString writes settings the way libpq reads them.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
func connString(settings []nameValue) (text string) {
	for _, s := range settings {
		value := strings.ReplaceAll(s.value, `\`, `\\`)
		text += s.name + "='" + strings.ReplaceAll(value, "'", `\'`) + "' "
	}
	return text
}
