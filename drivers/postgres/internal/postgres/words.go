package postgres

import (
	"strconv"
	"strings"

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
// A row with neither Take nor Problem is read in finish, with others.
var wordList = []network.Word{
	// libpq: the way to the server
	{Names: "host", Here: "host"},
	{Names: "hostaddr", Here: "host"},
	{Names: "port", Here: "port"},
	{Names: "dbname database", Here: "database", Take: network.Text},
	{Names: "user", Here: "user", Take: network.Text},
	{Names: "password", Here: "password", Take: network.Password},
	{Names: "passfile", Here: "credentials", Problem: "is a file of many passwords", Cure: "write credentials.provider=pgpass, or name a file with nothing but the password as passwordFile"},
	{Names: "service servicefile", Here: "params.environment", Problem: "is read from the environment or not at all", Cure: "write what the service says, or environment=use and set PGSERVICE"},
	{Names: "load_balance_hosts", Here: "hostOrder", Take: takeOrder},
	{Names: "target_session_attrs targetServerType", Here: "role", Take: takeRole}, // the second: jdbc
	{Names: "requirepeer", Problem: "cannot be checked", Cure: "leave it out; the folder of a socket can be protected in its place"},
	{Names: "connect_timeout", Here: "connectTimeout", Take: network.Seconds},
	{Names: "keepalives", Unless: "1", Problem: "turns off what finds a dead connection", Cure: "leave it out"},
	{Names: "keepalives_idle keepalives_interval keepalives_count", Take: network.Drop},                                                                                // probes are sent every 15 s
	{Names: "tcp_user_timeout", Here: "session.tcp_user_timeout", Unless: "0", Problem: "cannot be set", Cure: "leave it out, and give each call a context that ends"}, // the server has a setting of the same name
	// libpq: TLS
	{Names: "sslmode ssl-mode ssl_mode", Here: "ssl"},
	{Names: "ssl", Here: "ssl"},
	{Names: "sslrootcert", Here: "ssl.caFile"},
	{Names: "sslcert", Here: "ssl.certFile"},
	{Names: "sslkey", Here: "ssl.keyFile"},
	{Names: "sslcertmode", Unless: "allow", Problem: "cannot be promised", Cure: "leave it out; a certificate is sent where sslcert and sslkey name one"},
	{Names: "sslpassword", Problem: "is the passphrase of a key, which has to be in the open here", Cure: "decrypt the key, for example with openssl pkey, and leave it out"},
	{Names: "sslcrl sslcrldir", Problem: "cannot be had: lists of revoked certificates are not read", Cure: "leave it out"},
	{Names: "requiressl", Here: "ssl", Problem: "is what sslmode was before PostgreSQL 8", Cure: "write sslmode=verify-full or require"},
	{Names: "sslkeylogfile", Problem: "writes the keys of connections to a file, which cannot be had", Cure: "leave it out"},
	{Names: "sslcompression", Unless: "0", Problem: "cannot be had: no TLS library compresses any more", Cure: "leave it out"},
	{Names: "sslsni", Unless: "1", Problem: "cannot be turned off", Cure: "leave it out"},
	{Names: "sslnegotiation", Unless: "postgres", Problem: "cannot be had", Cure: "leave it out: it saves one round trip and is no safer"},
	{Names: "ssl_min_protocol_version", Unless: "tlsv1 tlsv1.1 tlsv1.2", Problem: "cannot be promised: TLS is 1.2 or newer here", Cure: "have the server ask for it: ssl_min_protocol_version"},
	{Names: "ssl_max_protocol_version", Unless: "tlsv1.3", Problem: "cannot be promised: TLS is as new as both sides have it", Cure: "have the server ask for it: ssl_max_protocol_version"},
	{Names: "gssencmode", Unless: "disable prefer", Problem: "cannot be had: there is no encryption by GSSAPI here", Cure: "write gssencmode=disable, and sslmode=verify-full"},
	// libpq: the login
	{Names: "krbsrvname", Unless: "postgres", Problem: "belongs to Kerberos, which cannot be had", Cure: "have another method set in pg_hba.conf"},
	{Names: "gssdelegation", Unless: "0", Problem: "belongs to Kerberos, which cannot be had", Cure: "have another method set in pg_hba.conf"},
	{Names: "krbspn gsslib", Problem: "belongs to Kerberos, which cannot be had", Cure: "have another method set in pg_hba.conf"},
	{Names: "authtype tty", Take: network.Drop}, // libpq passes over them as well
	{Names: "scram_client_key scram_server_key", Problem: "cannot be had in place of a password", Cure: "write the password"},
	{Names: "oauth_issuer oauth_client_id oauth_client_secret oauth_scope oauth_ca_file", Problem: "belongs to OAuth, which cannot be had", Cure: "have another method set in pg_hba.conf"},
	// libpq: the session
	{Names: "options", Here: "session.options", Take: takeOptions},
	{Names: "application_name", Here: "appName", Take: network.Text},
	{Names: "fallback_application_name", Here: "appName"},
	{Names: "client_encoding encoding charset", Take: takeEncoding}, // encoding: rails; charset: doctrine
	{Names: "replication", Unless: "false off no 0", Problem: "cannot be had: database/sql knows no replication", Cure: "use package pgconn itself"},
	{Names: "min_protocol_version", Unless: "3.0", Problem: "cannot be promised: version 3.0 is spoken", Cure: "leave it out"},
	{Names: "max_protocol_version", Unless: "3.0 3.2 latest", Problem: "is no version", Cure: "leave it out"}, // at most: 3.0 is spoken
	{Names: "role", Here: "session.role", Problem: "is the role to act as in PostgreSQL, and here that of the server", Cure: "write session.role=x for the one to act as"},
	// pgx
	{Names: "prefer_simple_protocol", Here: "params.default_query_exec_mode", Take: takeSimple},  // version 4
	{Names: "statement_cache_mode", Here: "params.default_query_exec_mode", Take: takeCacheMode}, // version 4
	// pgxpool
	{Names: "pool_max_conns connection_limit pool", Here: "pool.max", Take: network.Count}, // connection_limit: prisma; pool: rails
	{Names: "pool_min_conns", Here: "pool.min", Take: network.Count},
	{Names: "pool_min_idle_conns", Here: "pool.min", Unless: "0", Problem: "counts unused connections, which cannot be kept ready by number", Cure: "write pool.min, which counts all that are open"},
	{Names: "pool_max_conn_lifetime", Here: "pool.maxLifetime", Take: network.Duration},
	{Names: "pool_max_conn_idle_time", Here: "pool.maxIdleTime", Take: network.Duration},
	{Names: "pool_max_conn_lifetime_jitter pool_health_check_period pool_ping_timeout", Take: network.Drop}, // how pgxpool does what another pool does here
	// lib/pq
	{Names: "binary_parameters", Here: "params.default_query_exec_mode", Take: takeExec},
	{Names: "disable_prepared_binary_result", Take: network.Drop}, // a format on the line
	// prisma
	{Names: "pgbouncer", Here: "params.default_query_exec_mode", Take: takeExec},
	{Names: "schema", Here: "session.search_path", Take: takeSchema},
	{Names: "statement_cache_size", Here: "params.statement_cache_capacity", Take: takeCacheSize},
	{Names: "pool_timeout", Take: network.Drop}, // a wait for a connection ends with the context of the call
	{Names: "socket_timeout", Unless: "0", Problem: "cannot be set", Cure: "write session.statement_timeout, and give each call a context that ends"},
	{Names: "sslidentity", Here: "ssl.certFile", Problem: "is a PKCS 12 file, which is not read", Cure: "write sslcert and sslkey, with the files that openssl pkcs12 makes of it"},
	{Names: "sslaccept", Here: "ssl"},
	// jdbc
	{Names: "currentSchema schema_search_path", Here: "session.search_path", Take: takeSearchPath}, // the second: rails
	{Names: "ApplicationName", Here: "appName", Take: network.Text},
	// rails
	{Names: "prepared_statements", Here: "params.default_query_exec_mode", Take: takePrepared},
	{Names: "adapter", Unless: "postgresql postgres", Problem: "names another dialect", Cure: "leave it out"},
	// doctrine
	{Names: "serverVersion", Take: network.Drop}, // is asked from the server
}

func takeEncoding(_ *network.Reading, _ *network.Word, value string) error {
	switch network.Plain(value) {
	case "utf8", "utf-8", "utf8mb4", "unicode", "auto":
		return nil
	}
	return network.Refuse("cannot be had: a session speaks UTF-8", "leave it out")
}

const execMode = "default_query_exec_mode"

func takeSimple(r *network.Reading, _ *network.Word, value string) error {
	return takeMode(r, value, true, "simple_protocol")
}

func takeExec(r *network.Reading, _ *network.Word, value string) error {
	return takeMode(r, value, true, "exec")
}

func takePrepared(r *network.Reading, _ *network.Word, value string) error {
	return takeMode(r, value, false, "exec")
}

// takeMode sets that of executing queries where the flag is as given; the other way round it is the default.
func takeMode(r *network.Reading, value string, where bool, mode string) error {
	on, err := network.Flag(value)
	if err != nil || on != where {
		return err
	}
	return r.Keep(execMode, mode)
}

func takeCacheMode(r *network.Reading, _ *network.Word, value string) error {
	switch network.Plain(value) {
	case "prepare":
		return nil
	case "describe":
		return r.Keep(execMode, "cache_describe")
	}
	return network.Refuse("is neither prepare nor describe", "write default_query_exec_mode, with one of its words")
}

func takeCacheSize(r *network.Reading, _ *network.Word, value string) error {
	value = network.Unquote(value)
	if value == "0" {
		return r.Keep(execMode, "exec")
	}
	return r.Keep("statement_cache_capacity", value)
}

// takeSearchPath leaves the list as it is: quotes are part of it.
func takeSearchPath(r *network.Reading, _ *network.Word, value string) error {
	return r.Set("search_path", value)
}

// takeSchema reads the name of one schema; search_path is a list, in which a name may need quotes.
func takeSchema(r *network.Reading, _ *network.Word, value string) error {
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

func takeRole(r *network.Reading, _ *network.Word, value string) error {
	role, known := roles[network.Plain(value)]
	if !known {
		return network.Refuse("is none of any, read-write, read-only, primary, standby, prefer-standby", "correct it, or write role")
	}
	r.Role = role
	return nil
}

func takeOrder(r *network.Reading, _ *network.Word, value string) error {
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
func takeOptions(r *network.Reading, _ *network.Word, value string) error {
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
			err = takeEncoding(r, nil, s.value)
		case name == "application_name":
			err = network.Text(r, &network.Word{Here: "appName"}, s.value)
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
	return registry.NewConfigError(name, problem, cure)
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
	if port != 0 && strings.HasPrefix(host, "/") { // the port is in the name of the file
		return strings.TrimSuffix(host, "/") + socketFile + strconv.Itoa(port)
	}
	return registry.JoinHostPort(host, port)
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
