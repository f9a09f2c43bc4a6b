package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConnectionStringsOfTheWorld(t *testing.T) { tested.URLs(t, "../../testdata/urls.txt", 20) }

func TestLoginsByConnectionStringsOfTheWorld(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	tested.LogIns(t, "../../testdata/urls.txt", s, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", map[string]string{
		"options=reference": "invalid command-line argument for server process", // which a pooler reads
		"options=endpoint":  "invalid command-line argument for server process",
		"options=--cluster": "unrecognized configuration parameter",
	})
}

// TestEveryWordOfLibpqAndPgx: the names are those of https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
// and of the documentation of pgx and pgxpool.
func TestEveryWordOfLibpqAndPgx(t *testing.T) {
	for _, name := range strings.Fields(`host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout
		client_encoding options application_name fallback_application_name keepalives keepalives_idle keepalives_interval
		keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl sslnegotiation sslcompression sslcert sslkey
		sslkeylogfile sslpassword sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version
		ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname gsslib gssdelegation scram_client_key
		scram_server_key service servicefile target_session_attrs load_balance_hosts oauth_issuer oauth_client_id
		oauth_client_secret oauth_scope
		database krbspn default_query_exec_mode statement_cache_capacity description_cache_capacity pool_max_conns pool_min_conns
		pool_min_idle_conns pool_max_conn_lifetime pool_max_conn_idle_time pool_health_check_period
		pool_max_conn_lifetime_jitter pool_ping_timeout`) {
		isWord := words.Find(name) != nil
		isParam := slices.ContainsFunc(driverParams, func(p registry.Param) bool { return p.Name == name })
		if isWord == isParam {
			t.Errorf("%s is a word: %v, and a param: %v; want one", name, isWord, isParam)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"user=a sslmode=REQUIRE", "postgres://a@?ssl.rejectUnauthorized=false"},
		{"user=a SSLMODE='verify-full'", "postgres://a@?ssl=true"},
		{"user=a sslmode='verify-full' sslmode=disable", "postgres://a@"},
		{"user=a sslmode=require sslrootcert=/ca.pem", "postgres://a@?ssl.verifyHostname=false&ssl.caFile=/ca.pem"},
		{"user=a sslmode=require sslcert=/c sslkey=/k", "postgres://a@?ssl.rejectUnauthorized=false&ssl.certFile=/c&ssl.keyFile=/k"},
		{"user=a sslrootcert=system", "postgres://a@?ssl=true"},
		{"user=a ssl=1", "postgres://a@?ssl=true"},
		{"user=a ssl=false sslrootcert=/ca.pem", "postgres://a@"},
		{"user=a sslmode=require host=/run", "postgres://a@%2Frun"},
		{"user=a sslmode=verify-full host=db.example hostaddr=10.0.0.1", "postgres://a@10.0.0.1?ssl.serverName=db.example"},
		{"user=a host=a,b,/run port=1,2,", "postgres://a@a:1,b:2,%2Frun"},
		{"user=a host=,/run/ port=7", "postgres://a@localhost:7,%2Frun%2F.s.PGSQL.7"},
		{"user=a host=a,b load_balance_hosts=Random", "postgres://a@a,b?hostOrder=random"},
		{"user=a host=a,::1 port=7", "postgres://a@a:7,[::1]:7"},
		{"user=a host=a,b target_session_attrs=any", "postgres://a@a,b"},
		{"user=a target_session_attrs=read-write", "postgres://a@?role=writer"},
		{"user=a target_session_attrs=Primary", "postgres://a@?role=writer"},
		{"user=a target_session_attrs=read-only", "postgres://a@?role=reader"},
		{"user=a target_session_attrs=standby", "postgres://a@?role=reader"},
		{"user=a target_session_attrs=prefer-standby", "postgres://a@?role=preferReader"},
		{"user=a targetServerType=preferSecondary", "postgres://a@?role=preferReader"},
		{"user=a connect_timeout=0 pool_max_conns=0", "postgres://a@?pool.max=-1&connectTimeout=-1ns"},
		{"user=a fallback_application_name=x", "postgres://a@?appName=x"},
		{"user=a application_name=y fallback_application_name=x", "postgres://a@?appName=y"},
		{`user=a options='-c search_path=a,b -cwork_mem=1MB --lock-timeout=5 -c my.x=a\\ b --application_name=z'`, "postgres://a@?appName=z&session.lock_timeout=5&session.my.x=a%20b&session.search_path=a%2Cb&session.work_mem=1MB"},
		{"user=a options='-c role=x'", "postgres://a@?session.role=x"},
		{"user=a prefer_simple_protocol=true", "postgres://a@?default_query_exec_mode=simple_protocol"},
		{"user=a statement_cache_mode=describe statement_cache_size=9", "postgres://a@?default_query_exec_mode=cache_describe&statement_cache_capacity=9"},
		{"user=a keepalives=1 keepalives_idle=30 sslcompression=0 gssencmode=prefer replication=false client_encoding=UTF-8 sslsni=1", "postgres://a@"},
		{"user=a My.Tenant=X DateStyle=ISO", "postgres://a@?session.datestyle=ISO&session.my.tenant=X"},
		{"", "postgres://"},
	} {
		cfg, err := Driver().(registry.Native).ParseDSN(c.text)
		delete(cfg.Session, "timezone")
		if cfg.Dialect = "postgres"; err != nil || cfg.String() != c.want {
			t.Errorf("%s\nis  %v, %v\nnot %s", c.text, cfg, err, c.want)
		}
	}
}

func TestWordsThatAreRefused(t *testing.T) {
	for text, field := range map[string]string{
		"sslmode=prefer": "sslmode", "sslmode=ALLOW": "sslmode", "sslmode=hunter2": "sslmode", "sslmode=verify-ca": "sslmode",
		"sslrootcert=/ca": "sslmode", "sslcert=/c": "sslmode", "sslmode=require sslrootcert=system": "sslrootcert",
		"ssl=hunter2": "ssl", "sslaccept=hunter2 sslmode=require": "sslaccept", "sslpassword=hunter2": "sslpassword", "passfile=hunter2": "passfile",
		"service=hunter2": "service", "port=hunter2": "port", "host=a,b,c port=1,2": "port", "host=@hunter2": "host",
		"host=a,b hostaddr=c": "hostaddr", "gssencmode=require": "gssencmode", "client_encoding=hunter2": "client_encoding",
		"options='-c client_encoding=hunter2'": "options", "options='-B hunter2'": "options", "options=-c": "options",
		"connect_timeout=hunter2": "connect_timeout", "connect_timeout=9223372036854775807": "connect_timeout", "pool_max_conns=-1": "pool_max_conns",
		"pgbouncer=hunter2": "pgbouncer", "role=hunter2": "role", "load_balance_hosts=hunter2": "load_balance_hosts", "target_session_attrs=hunter2": "target_session_attrs",
		"replication=database": "replication", "user=a dbname=b database=c connection_limit=1 pool=hunter2": "pool",
		"_pq_.x=hunter2": "session", "a=hunter2 A=b": "session", "hunter2-x=1": "a parameter", "2hunter=1": "a parameter",
		"sslmde=hunter2": "params.sslmde", "serch_path": "dsn", "user='hunter2": "dsn", "user hunter2=x": "dsn",
		"postgres://u:hunter2@x@h/d": "dsn", "postgres://u:hunter2/@h/d": "dsn", "postgres://u:hunter2?@h/d": "dsn", "postgres://u:hunter2#@h/d": "dsn",
		"postgres://u:hunter2%zz@h/d": "dsn", "postgres://u:hunter2%00@h/d": "dsn", "postgres://u:hunter2:5432/d": "dsn", "postgres://[hunter2/d": "dsn",
		"postgres://h/d?hunter2": "dsn", "postgres://u:hunter 2@h/d": "dsn", "mysql://u:hunter2@h/d": "dsn", "user=a\x00hunter2": "dsn",
	} {
		_, err := Driver().(registry.Native).ParseDSN(text)
		wrong, ok := errors.AsType[*registry.ConfigError](err)
		if !ok || wrong.Field != field || wrong.Cure == "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error of %s with a cure and without the value", text, err, field)
		}
	}
}

func TestImportIsDoneOnce(t *testing.T) {
	native := Driver().(registry.Native)
	cfg := registry.Config{
		Host: "set", AppName: "set", TLS: &registry.TLS{ServerName: "set"}, Session: map[string]string{"work_mem": "set"},
		Params: map[string]string{
			"dbname": "d", "application_name": "x", "sslmode": "disable", "work_mem": "1MB", "search_path": "a", "pgbouncer": "true",
			"password": "hunter2", "port": "1", "statement_cache_capacity": "5",
		},
	}
	if err := native.Import(&cfg); err != nil {
		t.Fatal(err)
	}
	want := registry.Config{
		Host: "set", AppName: "set", TLS: &registry.TLS{ServerName: "set"}, Database: "d", Password: registry.NewSecret("hunter2"),
		Session: map[string]string{"work_mem": "set", "search_path": "a"},
		Params:  map[string]string{"default_query_exec_mode": "exec", "statement_cache_capacity": "5"},
	}
	if !cfg.Equal(want) {
		t.Errorf("got %v, want %v", cfg, want)
	}
	if err := native.Import(&cfg); err != nil || !cfg.Equal(want) {
		t.Errorf("the second time it is %v, %v", cfg, err)
	}
	both := registry.Config{Host: "db.example", Port: 7, Params: map[string]string{"hostaddr": "10.0.0.1", "sslmode": "verify-full"}}
	if err := native.Import(&both); err != nil || !both.Equal(registry.Config{Host: "10.0.0.1", Port: 7, TLS: &registry.TLS{ServerName: "db.example"}}) {
		t.Errorf("a host and its address are %v, %v", both, err)
	}
	socket := registry.Config{Host: "/run", Params: map[string]string{"sslmode": "require"}}
	if err := native.Import(&socket); err != nil || socket.TLS != nil {
		t.Errorf("a socket has TLS: %v, %v", socket, err)
	}
}

// TestNoSettingIsTakenForAWord: what the server has may be written in a URL.
func TestNoSettingIsTakenForAWord(t *testing.T) {
	db := pool(t, testserver.Postgres(t).Config(), registry.Env{})
	rows, err := db.QueryContext(limit(t), "SELECT name FROM pg_settings WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		n++
		cfg := registry.Config{Params: map[string]string{name: "x"}}
		err := Driver().(registry.Native).Import(&cfg)
		isWord := words.Find(name) != nil
		if elsewhere := []string{"client_encoding", "application_name", "role", "tcp_user_timeout"}; slices.Contains(elsewhere, name) != isWord || !isWord && (err != nil || len(cfg.Session) != 1) {
			t.Errorf("%s becomes %v, %v", name, cfg, err)
		}
	}
	if err := rows.Err(); err != nil || n < 100 {
		t.Errorf("%d settings, %v", n, err)
	}
}

// TestLoginByConnectionString: real logins, by the strings as they are.
func TestLoginByConnectionString(t *testing.T) {
	s := testserver.Postgres(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(s.CA.PEM), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := s.Config()
	login := connString([]nameValue{{"user", cfg.User}, {"password", cfg.Password.Reveal()}, {"dbname", cfg.Database}, {"port", port(uint16(cfg.Port))}})
	for _, c := range []struct{ text, query, want string }{
		{"host=127.0.0.1 sslmode=disable", "SELECT NOT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true"},
		{"host=127.0.0.1 sslmode=require", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true"},
		{"host=127.0.0.1 sslmode=verify-ca sslrootcert=" + ca, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true"},
		{"host=localhost sslmode=verify-full sslrootcert=" + ca, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true"},
		{"host=" + s.Socket + " sslmode=require", "SELECT current_setting('unix_socket_directories') <> ''", "true"},
		{"host=127.0.0.1 options='-c work_mem=7MB -c search_path=a'", "SELECT current_setting('work_mem') || current_setting('search_path')", "7MBa"},
		{"host=127.0.0.1 timezone=Asia/Tokyo application_name=x", "SELECT current_setting('timezone') || current_setting('application_name')", "Asia/Tokyox"},
		{"host=127.0.0.1", "SELECT source <> 'client' FROM pg_settings WHERE name = 'TimeZone'", "true"},
		{"host=127.0.0.1 pgbouncer=true", "SELECT count(*)::text FROM pg_prepared_statements", "0"},
	} {
		parsed, err := Driver().(registry.Native).ParseDSN(login + c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if parsed.TLS != nil && parsed.TLS.CAFile != "" {
			parsed.TLS.CA, parsed.TLS.CAFile = s.CA.PEM, ""
		}
		parsed.Dialect = "postgres"
		var got string
		if err := pool(t, parsed, registry.Env{}).QueryRowContext(limit(t), c.query).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}

func TestSettingsThatTheServerDoesNotTake(t *testing.T) {
	cfg := testserver.Postgres(t).Config()
	for name, value := range map[string]string{"no_such_setting": "1", "work_mem": "a lot", "shared_buffers": "1MB", "select": "1"} {
		err := try(t, withSession(cfg, name, value))
		check(t, err, registry.KindConfig, "session")
		if err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

// A colon in one of several hosts is one of an address: it does not make a port of what follows.
func TestAColonInAListOfHosts(t *testing.T) {
	native := Driver().(registry.Native)
	for dsn, want := range map[string]string{
		"host=a,::1": "[::1]", "host=a,::1 port=1,2": "[::1]:2", "postgres://a,[::1]/d": "[::1]", "host=a,/run/x:1": "/run/x:1",
		"host=a,0:1": "", "postgres://a,[0:1]/d": "", "postgres://a,[b]:1/d": "b:1",
	} {
		cfg, err := native.ParseDSN(dsn)
		if cfg.Dialect = "postgres"; err == nil {
			err = cfg.Validate()
		}
		if want == "" && (err == nil || !strings.Contains(err.Error(), "colon and is not an IPv6 address")) || want != "" && (err != nil || cfg.Hosts[1] != want) {
			t.Errorf("%s: got %q, %v; want %q", dsn, cfg.Hosts, err, want)
		}
	}
}

const mark = "hunter2hunter2"

// FuzzDSN: what pgx and Patchbay both accept names the same, and wherever a password ends up, no error shows it.
func FuzzDSN(f *testing.F) {
	for _, name := range variables(f) {
		f.Setenv(name, "")
	}
	f.Setenv("PGSSLCERTMODE", "allow") // empty is an error, as in libpq
	f.Setenv("HOME", f.TempDir())
	text, err := os.ReadFile("../../testdata/urls.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for _, kind := range []string{"url ", "dsn "} {
			if row, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), kind); ok {
				f.Add(row, len(row)/2)
			}
		}
	}
	f.Add(`host = a\ b user='x\'y' password=\\`, 3)
	f.Add("postgres://u:p@h1,[::1]:7,%2Frun/d?port=1,2,3&sslmode=disable", 12)
	native := Driver().(registry.Native)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = min(max(at, 0), len(text))
		marked := text[:at] + mark + text[at:]
		if _, err := native.ParseDSN(marked); err != nil && strings.Contains(strings.ToLower(err.Error()), mark) {
			t.Errorf("%q: the password is in %v", marked, err)
		}
		query := strings.LastIndexByte(text, '?') // after which an error may name a key
		if _, err := registry.ParseURL("postgres://" + marked); err != nil && (query < 0 || at < query) && strings.Contains(strings.ToLower(err.Error()), mark) {
			t.Errorf("%q after the scheme: the password is in %v", marked, err)
		}
		cfg, err := native.ParseDSN(text)
		if err != nil {
			return
		}
		cfg.Dialect = "postgres"
		if t := cfg.TLS; t != nil && t.CAFile+t.CertFile+t.KeyFile != "" || strings.Contains(text, "sslcert") {
			return // pgx reads the files
		}
		if cfg.Validate() != nil {
			return // two hosts that are the same among others, which pgx takes
		}
		each, err := cfg.HostConfigs()
		if err != nil {
			t.Fatalf("%q: a valid config has no list of hosts: %v", text, err)
		}
		var ours []*pgconn.FallbackConfig
		for _, one := range each {
			host, err := hostOf(&one, defaultPort)
			if err != nil || strings.Contains(text, socketFile) {
				return
			}
			ours = append(ours, host)
		}
		theirs, err := pgconn.ParseConfig(strings.Trim(text, space))
		if err != nil {
			return
		}
		for name := range theirs.RuntimeParams {
			if word := words.Find(name); word != nil && (strings.HasPrefix(word.Here, "ssl") || slices.Contains([]string{"host", "port", "user", "password", "database"}, word.Here)) {
				return // pgx knows it in lower case only, or not at all, and sends it to the server
			}
		}
		if cfg.User != "" && cfg.User != theirs.User || cfg.Password.Reveal() != theirs.Password || cfg.Database != theirs.Database {
			t.Errorf("%q: got %v with password %q; pgx has user %q, password %q, database %q", text, cfg, cfg.Password.Reveal(), theirs.User, theirs.Password, theirs.Database)
		}
		hosts := hostsFrom(theirs)
		if len(hosts) != len(ours) {
			t.Fatalf("%q: got %d hosts, pgx has %d", text, len(ours), len(hosts))
		}
		for i, host := range hosts {
			if ours[i].Host == network.DefaultHost && strings.HasPrefix(host.Host, "/") {
				continue // pgx looks for a socket
			}
			if ours[i].Host != host.Host || ours[i].Port != host.Port {
				t.Errorf("%q: host %d is %s:%d; pgx has %s:%d", text, i, ours[i].Host, ours[i].Port, host.Host, host.Port)
			}
			if strings.HasPrefix(host.Host, "/") {
				continue
			}
			if (cfg.TLS != nil) != (host.TLSConfig != nil) {
				t.Errorf("%q: TLS is %v; pgx has %v", text, cfg.TLS, host.TLSConfig)
			} else if cfg.TLS != nil && cfg.TLS.SkipVerify && !host.TLSConfig.InsecureSkipVerify {
				t.Errorf("%q: pgx verifies", text)
			}
		}
	})
}

// TestOurKeysKeepTheirMeaning: a word of the clients that is a key of a Config as well says the same, or is refused here.
func TestOurKeysKeepTheirMeaning(t *testing.T) {
	for _, key := range testdriver.Keys() {
		word := words.Find(key)
		if word == nil || word.Here == key || word.Take == nil && word.Problem == "" {
			continue
		}
		if _, err := words.Read(map[string]string{key: "x"}); err == nil {
			t.Errorf("%s says %s as a word of a client", key, word.Here)
		}
	}
	if _, err := Driver().(registry.Native).ParseDSN("user=a role=x"); err == nil || !strings.Contains(err.Error(), "session.role=x") {
		t.Errorf("role=x of libpq: %v", err)
	}
}
