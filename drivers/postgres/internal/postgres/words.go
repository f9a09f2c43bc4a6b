package postgres

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

var words = network.Words{List: wordList, Params: driverParams, Setting: setting}

// wordList has every parameter of libpq and of pgx, and what hosting platforms, frameworks and other drivers add. The
// comment above a row names the page that explains it:
//
//	libpq    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
//	pgx      https://pkg.go.dev/github.com/jackc/pgx/v5#ParseConfig
//	pgxpool  https://pkg.go.dev/github.com/jackc/pgx/v5/pgxpool#ParseConfig
//	lib/pq   https://pkg.go.dev/github.com/lib/pq#hdr-Connection_String_Parameters
//	prisma   https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments
//	jdbc     https://jdbc.postgresql.org/documentation/use/#connection-parameters
//	rails    https://guides.rubyonrails.org/configuring.html#configuring-a-database
//	doctrine https://www.doctrine-project.org/projects/doctrine-dbal/en/current/reference/configuration.html
//
// A row without Take is read in finish, with others.
var wordList = []network.Word{
	// libpq: the way to the server
	{Names: "host", Here: "host"},
	{Names: "hostaddr", Here: "host"},
	{Names: "port", Here: "port"},
	{Names: "dbname database", Here: "database", Take: network.Text(func(c *registry.Config) *string { return &c.Database })},
	{Names: "user", Here: "user", Take: network.Text(func(c *registry.Config) *string { return &c.User })},
	{Names: "password", Here: "password", Take: takePassword},
	{Names: "passfile", Here: "credentials", Take: network.Never("is a file of many passwords", "write credentials.provider=pgpass, or name a file with nothing but the password as passwordFile")},
	{Names: "service servicefile", Here: "params.environment", Take: network.Never("is read from the environment or not at all", "write what the service says, or environment=use and set PGSERVICE")},
	{Names: "load_balance_hosts", Here: "hostOrder", Take: takeOrder},
	{Names: "target_session_attrs targetServerType", Here: "role", Take: takeRole}, // the second: jdbc
	{Names: "requirepeer", Take: network.Never("cannot be checked", "leave it out; the folder of a socket can be protected in its place")},
	{Names: "connect_timeout", Here: "connectTimeout", Take: network.Time(func(c *registry.Config) *time.Duration { return &c.ConnectTimeout }, time.Second, -1)},
	{Names: "keepalives", Take: network.DropIf("1", "turns off what finds a dead connection", "leave it out")},
	{Names: "keepalives_idle keepalives_interval keepalives_count", Take: network.Drop},                                                                               // probes are sent every 15 s
	{Names: "tcp_user_timeout", Here: "session.tcp_user_timeout", Take: network.DropIf("0", "cannot be set", "leave it out, and give each call a context that ends")}, // the server has a setting of the same name
	// libpq: TLS
	{Names: "sslmode ssl-mode ssl_mode", Here: "ssl"},
	{Names: "ssl", Here: "ssl"},
	{Names: "sslrootcert", Here: "ssl.caFile"},
	{Names: "sslcert", Here: "ssl.certFile"},
	{Names: "sslkey", Here: "ssl.keyFile"},
	{Names: "sslcertmode", Take: network.DropIf("allow", "cannot be promised", "leave it out; a certificate is sent where sslcert and sslkey name one")},
	{Names: "sslpassword", Take: network.Never("is the passphrase of a key, which has to be in the open here", "decrypt the key, for example with openssl pkey, and leave it out")},
	{Names: "sslcrl sslcrldir", Take: network.Never("cannot be had: lists of revoked certificates are not read", "leave it out")},
	{Names: "requiressl", Here: "ssl", Take: network.Never("is what sslmode was before PostgreSQL 8", "write sslmode=verify-full or require")},
	{Names: "sslkeylogfile", Take: network.Never("writes the keys of connections to a file, which cannot be had", "leave it out")},
	{Names: "sslcompression", Take: network.DropIf("0", "cannot be had: no TLS library compresses any more", "leave it out")},
	{Names: "sslsni", Take: network.DropIf("1", "cannot be turned off", "leave it out")},
	{Names: "sslnegotiation", Take: network.DropIf("postgres", "cannot be had", "leave it out: it saves one round trip and is no safer")},
	{Names: "ssl_min_protocol_version", Take: network.DropIf("tlsv1 tlsv1.1 tlsv1.2", "cannot be promised: TLS is 1.2 or newer here", "have the server ask for it: ssl_min_protocol_version")},
	{Names: "ssl_max_protocol_version", Take: network.DropIf("tlsv1.3", "cannot be promised: TLS is as new as both sides have it", "have the server ask for it: ssl_max_protocol_version")},
	{Names: "gssencmode", Take: network.DropIf("disable prefer", "cannot be had: there is no encryption by GSSAPI here", "write gssencmode=disable, and sslmode=verify-full")},
	// libpq: the login
	{Names: "krbsrvname", Take: network.DropIf("postgres", "belongs to Kerberos, which cannot be had", "have another method set in pg_hba.conf")},
	{Names: "gssdelegation", Take: network.DropIf("0", "belongs to Kerberos, which cannot be had", "have another method set in pg_hba.conf")},
	{Names: "krbspn gsslib", Take: network.Never("belongs to Kerberos, which cannot be had", "have another method set in pg_hba.conf")},
	{Names: "authtype tty", Take: network.Drop}, // libpq passes over them as well
	{Names: "scram_client_key scram_server_key", Take: network.Never("cannot be had in place of a password", "write the password")},
	{Names: "oauth_issuer oauth_client_id oauth_client_secret oauth_scope oauth_ca_file", Take: network.Never("belongs to OAuth, which cannot be had", "have another method set in pg_hba.conf")},
	// libpq: the session
	{Names: "options", Here: "session.options", Take: takeOptions},
	{Names: "application_name", Here: "appName", Take: takeAppName},
	{Names: "fallback_application_name", Here: "appName"},
	{Names: "client_encoding encoding charset", Take: takeEncoding}, // encoding: rails; charset: doctrine
	{Names: "replication", Take: network.DropIf("false off no 0", "cannot be had: database/sql knows no replication", "use package pgconn itself")},
	{Names: "min_protocol_version", Take: network.DropIf("3.0", "cannot be promised: version 3.0 is spoken", "leave it out")},
	{Names: "max_protocol_version", Take: network.DropIf("3.0 3.2 latest", "is no version", "leave it out")}, // at most: 3.0 is spoken
	{Names: "role", Here: "session.role", Take: network.Never("is the role to act as in PostgreSQL, and here that of the server", "write session.role=x for the one to act as")},
	// pgx
	{Names: "prefer_simple_protocol", Here: "params.default_query_exec_mode", Take: mode("simple_protocol", true)}, // version 4
	{Names: "statement_cache_mode", Here: "params.default_query_exec_mode", Take: takeCacheMode},                   // version 4
	// pgxpool
	{Names: "pool_max_conns connection_limit pool", Here: "pool.max", Take: network.Count(func(c *registry.Config) *int { return &c.Pool.Max }, -1)}, // connection_limit: prisma; pool: rails
	{Names: "pool_min_conns", Here: "pool.min", Take: network.Count(func(c *registry.Config) *int { return &c.Pool.Min }, 0)},
	{Names: "pool_min_idle_conns", Here: "pool.min", Take: network.DropIf("0", "counts unused connections, which cannot be kept ready by number", "write pool.min, which counts all that are open")},
	{Names: "pool_max_conn_lifetime", Here: "pool.maxLifetime", Take: network.Time(func(c *registry.Config) *time.Duration { return &c.Pool.MaxLifetime }, 0, 0)},
	{Names: "pool_max_conn_idle_time", Here: "pool.maxIdleTime", Take: network.Time(func(c *registry.Config) *time.Duration { return &c.Pool.MaxIdleTime }, 0, 0)},
	{Names: "pool_max_conn_lifetime_jitter pool_health_check_period pool_ping_timeout", Take: network.Drop}, // how pgxpool does what another pool does here
	// lib/pq
	{Names: "binary_parameters", Here: "params.default_query_exec_mode", Take: mode("exec", true)},
	{Names: "disable_prepared_binary_result", Take: network.Drop}, // a format on the line
	// prisma
	{Names: "pgbouncer", Here: "params.default_query_exec_mode", Take: mode("exec", true)},
	{Names: "schema", Here: "session.search_path", Take: takeSchema},
	{Names: "statement_cache_size", Here: "params.statement_cache_capacity", Take: takeCacheSize},
	{Names: "pool_timeout", Take: network.Drop}, // a wait for a connection ends with the context of the call
	{Names: "socket_timeout", Take: network.DropIf("0", "cannot be set", "write session.statement_timeout, and give each call a context that ends")},
	{Names: "sslidentity", Here: "ssl.certFile", Take: network.Never("is a PKCS 12 file, which is not read", "write sslcert and sslkey, with the files that openssl pkcs12 makes of it")},
	{Names: "sslaccept", Here: "ssl"},
	// jdbc
	{Names: "currentSchema schema_search_path", Here: "session.search_path", Take: takeSearchPath}, // the second: rails
	{Names: "ApplicationName", Here: "appName", Take: takeAppName},
	// rails
	{Names: "prepared_statements", Here: "params.default_query_exec_mode", Take: mode("exec", false)},
	{Names: "adapter", Take: network.DropIf("postgresql postgres", "names another dialect", "leave it out")},
	// doctrine
	{Names: "serverVersion", Take: network.Drop}, // is asked from the server
}

func takePassword(r *network.Reading, value string) error {
	if !r.Password.IsZero() && r.Password.Reveal() != value {
		return network.Refuse("is given twice", "keep one of them")
	}
	r.Password = registry.NewSecret(value)
	return nil
}

var (
	takeEncoding = network.DropIf("utf8 utf-8 utf8mb4 unicode auto", "cannot be had: a session speaks UTF-8", "leave it out")
	takeAppName  = network.Text(func(c *registry.Config) *string { return &c.AppName })
)

const execMode = "default_query_exec_mode"

// mode sets that of executing queries where the flag is as given; the other way round it is the default.
func mode(name string, where bool) func(*network.Reading, string) error {
	keep := network.Keep(execMode)
	return network.Flag(func(r *network.Reading, on bool) error {
		if on != where {
			return nil
		}
		return keep(r, name)
	})
}

func takeCacheMode(r *network.Reading, value string) error {
	switch network.Plain(value) {
	case "prepare":
		return nil
	case "describe":
		return network.Keep(execMode)(r, "cache_describe")
	}
	return network.Refuse("is neither prepare nor describe", "write default_query_exec_mode, with one of its words")
}

func takeCacheSize(r *network.Reading, value string) error {
	if network.Plain(value) == "0" {
		return network.Keep(execMode)(r, "exec")
	}
	return network.Keep("statement_cache_capacity")(r, value)
}

// takeSearchPath leaves the list as it is: quotes are part of it.
func takeSearchPath(r *network.Reading, value string) error { return r.Set("search_path", value) }

// takeSchema reads the name of one schema; search_path is a list, in which a name may need quotes.
func takeSchema(r *network.Reading, value string) error {
	if value == "" || !network.IsWord(value, "") || strings.ToLower(value) != value {
		value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
	}
	return r.Set("search_path", value)
}

// roles are the words of libpq, and of JDBC where it has others.
//
//	https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS
//	https://jdbc.postgresql.org/documentation/use/#connection-fail-over
var roles = map[string]registry.Role{
	"any": registry.RoleAny, "read-write": registry.RoleWriter, "primary": registry.RoleWriter, "master": registry.RoleWriter,
	"read-only": registry.RoleReader, "standby": registry.RoleReader, "secondary": registry.RoleReader, "slave": registry.RoleReader,
	"prefer-standby": registry.RolePreferReader, "prefersecondary": registry.RolePreferReader, "preferslave": registry.RolePreferReader,
}

func takeRole(r *network.Reading, value string) error {
	role, known := roles[network.Plain(value)]
	if !known {
		return network.Refuse("is none of any, read-write, read-only, primary, standby, prefer-standby", "correct it, or write role")
	}
	r.Role = role
	return nil
}

func takeOrder(r *network.Reading, value string) error {
	switch network.Plain(value) {
	case "disable":
	case "random":
		r.HostOrder = registry.HostsRandom
	default:
		return network.Refuse("is neither disable nor random", "correct it")
	}
	return nil
}

// takeOptions reads switches of the server's command line: -c name=value and --name=value.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
func takeOptions(r *network.Reading, value string) error {
	settings, rest, err := splitOptions(value)
	if err == nil && rest != "" {
		err = r.Set("options", rest)
	}
	for _, s := range settings {
		if err != nil {
			return err
		}
		name, _, bad := setting(s.name, "")
		switch {
		case bad != nil:
			err = bad
		case name == "client_encoding":
			err = takeEncoding(r, s.value)
		case name == "application_name":
			err = takeAppName(r, s.value)
		default: // role among them, which is the server's setting here
			err = r.Set(name, s.value)
		}
	}
	return err
}

// splitOptions returns the settings in options, and what only a proxy before the server reads: endpoint=x, project=x,
// reference=x and --cluster=x.
//
//	https://neon.tech/docs/connect/connection-errors#the-endpoint-id-is-not-specified
//	https://supabase.com/docs/guides/database/connecting-to-postgres
//	https://www.cockroachlabs.com/docs/cockroachcloud/connect-to-a-serverless-cluster
func splitOptions(text string) (settings []nameValue, rest string, err error) {
	var others []string
	all := splitSwitches(text)
	for i := 0; i < len(all); i++ {
		text, isSetting := strings.CutPrefix(all[i], "--")
		if !isSetting {
			if text, isSetting = strings.CutPrefix(all[i], "-c"); isSetting && text == "" && i+1 < len(all) {
				i++
				text = all[i]
			}
		}
		name, value, found := strings.Cut(text, "=")
		switch {
		case isSetting && found && name == "cluster", !isSetting && found && name != "" && network.IsWord(name, ""):
			others = append(others, all[i])
		case isSetting && found && name != "":
			settings = append(settings, nameValue{strings.ReplaceAll(name, "-", "_"), value})
		default:
			return nil, "", network.Refuse("has a switch that sets nothing", "write each setting as -c name=value, a space in a value as a backslash and a space")
		}
	}
	return settings, strings.Join(others, " "), nil
}

// splitSwitches splits at spaces, of which a backslash makes a part of the switch.
func splitSwitches(text string) (all []string) {
	var b strings.Builder
	open, escaped := false, false
	for _, c := range text {
		switch {
		case escaped || c != '\\' && !strings.ContainsRune(" \t\n\v\f\r", c):
			b.WriteRune(c)
			open, escaped = true, false
		case c == '\\':
			escaped, open = true, true
		case open:
			all = append(all, b.String())
			b.Reset()
			open = false
		}
	}
	if open {
		all = append(all, b.String())
	}
	return all
}

// finish reads what only means something together.
func finish(r *network.Reading) error {
	if err := readHosts(r); err != nil {
		return err
	}
	if name := r.Later["fallback_application_name"]; r.AppName == "" {
		r.AppName = name
	}
	return readTLS(r)
}

func wrong(name, problem, cure string) error {
	return &registry.ConfigError{Field: name, Problem: problem, Cure: cure}
}

var severalAddresses = wrong("hostaddr", "cannot be had with several hosts", "write the addresses as host")

// readHosts reads lists of hosts and ports. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
func readHosts(r *network.Reading) error {
	hosts, ports := strings.Split(r.Later["host"], ","), strings.Split(r.Later["port"], ",")
	if address := r.Later["hostaddr"]; address != "" {
		if len(hosts) > 1 || strings.Contains(address, ",") {
			return severalAddresses
		}
		if hosts[0] != "" && !strings.HasPrefix(hosts[0], "/") {
			r.Later["name"] = hosts[0]
		}
		hosts[0] = address
	}
	if len(ports) > 1 && len(ports) != len(hosts) {
		return wrong("port", "lists another number of ports than there are hosts", "write one for each, or one for all")
	}
	var several []string
	for i, host := range hosts {
		text := ports[0]
		if len(ports) > 1 {
			text = ports[i]
		}
		port := 0
		if text != "" {
			n, err := strconv.ParseUint(text, 10, 16)
			if err != nil || n == 0 {
				return wrong("port", "is not a number from 1 to 65535", "correct it; in a URL, write a : in a name or password as %3A")
			}
			port = int(n)
		}
		if strings.HasPrefix(host, "@") {
			return wrong("host", "is an abstract socket, or has an @ that belongs to the password", "write a name, an address or a path, and in a URL an @ in a name or password as %40")
		}
		if len(hosts) == 1 {
			r.Host, r.Port = host, port
			return nil
		}
		several = append(several, inList(host, port))
	}
	r.Hosts = several
	return nil
}

// inList writes a host as Hosts have it.
func inList(host string, port int) string {
	if host == "" {
		host = network.DefaultHost
	}
	switch {
	case port == 0:
		return host
	case strings.HasPrefix(host, "/"): // the port is in the name of the file
		return strings.TrimSuffix(host, "/") + socketFile + strconv.Itoa(port)
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// readTLS reads sslmode and what stands beside it. https://www.postgresql.org/docs/current/libpq-ssl.html
func readTLS(r *network.Reading) error {
	const hint = "write sslmode=verify-full, or require, which believes any server, or disable"
	mode, ca, accept := network.Plain(r.Later["sslmode"]), r.Later["sslrootcert"], network.Plain(r.Later["sslaccept"])
	if ssl, given := r.Later["ssl"]; given && mode == "" {
		on, ok := network.Bool(ssl)
		switch {
		case !ok:
			return wrong("ssl", "is neither true nor false", "write ssl=true, which verifies the server, or sslmode with one of its words")
		case on:
			mode = "verify-full" // as ssl=true means in every dialect; libpq and the next pgx read it as require
		default:
			mode = "disable"
		}
	}
	t := registry.TLS{CertFile: r.Later["sslcert"], KeyFile: r.Later["sslkey"], ServerName: r.Later["name"]}
	switch network.Plain(ca) {
	case "":
	case "system":
		if mode != "" && mode != "verify-full" && mode != "disable" {
			return wrong("sslrootcert", "is system beside a weaker sslmode, with which a certificate for any name would do", "write sslmode=verify-full")
		}
		if mode == "" {
			mode = "verify-full"
		}
	default:
		t.CAFile = ca
	}
	switch mode {
	case "":
		if ca != "" || t.CertFile != "" || t.KeyFile != "" || accept != "" {
			return wrong("sslmode", "is missing beside what belongs to TLS, and libpq may send plaintext then", hint)
		}
		return nil
	case "disable":
		return nil
	case "allow", "prefer":
		return wrong("sslmode", "is "+mode+", with which anyone in between can have plaintext sent", hint)
	case "require": // with sslrootcert it is verify-ca in libpq
		t.SkipVerify, t.SkipHostname = t.CAFile == "", t.CAFile != ""
	case "no-verify": // https://node-postgres.com/features/ssl
		t.SkipVerify, t.CAFile = true, ""
	case "verify-ca":
		if t.CAFile == "" {
			return wrong("sslmode", "is verify-ca without sslrootcert: a certificate for any name in the world would do", "name the authority's certificate as sslrootcert, or write verify-full")
		}
		t.SkipHostname = true
	case "verify-full":
	default:
		return wrong("sslmode", "is no mode of PostgreSQL", hint)
	}
	switch accept {
	case "", "accept_invalid_certs":
	case "strict":
		t.SkipVerify, t.SkipHostname = false, false
	default:
		return wrong("sslaccept", "is neither strict nor accept_invalid_certs", "leave it out")
	}
	if !network.IsSocket(&r.Config) { // where neither libpq nor pgx looks at sslmode
		r.TLS = &t
	}
	return nil
}
