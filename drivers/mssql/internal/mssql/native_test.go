package mssql

import (
	"cmp"
	"crypto/tls"
	"database/sql"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConnectionStrings(t *testing.T) { tested.URLs(t, "../../testdata/urls.txt", 15) }

// TestEveryWordIsKnown compares with the documentation of the clients: what they take is here, as a word or an error.
func TestEveryWordIsKnown(t *testing.T) {
	for _, list := range []string{
		// go-mssqldb: README.md and msdsn
		"user id,password,database,connection timeout,dial timeout,encrypt,app name,authenticator,timezone,server,port,keepAlive,failoverpartner,failoverport,failoverpartnerspn,packet size,log,TrustServerCertificate,certificate,serverCertificate,hostNameInCertificate,tlsmin,ServerSPN,Workstation ID,ApplicationIntent,protocol,columnencryption,column encryption setting,multisubnetfailover,guid conversion,pipe,krb5-configfile,krb5-realm,krb5-keytabfile,krb5-credcachefile,krb5-dnslookupkdc,krb5-udppreferencelimit,fedauth,clientcertpath,applicationclientid,resource id,serviceconnectionid,systemtoken,change password,disableretry,notraceid,epa enabled",
		"addr,address,network address,data source,user,uid,pwd,initial catalog,application name,app,connect timeout,timeout,failover partner,failover partner spn,application intent,trust server certificate,multi subnet failover,host name in certificate,server spn,server certificate,wsid",
		// Microsoft.Data.SqlClient
		"Application Intent,AttachDBFilename,Initial File Name,Authentication,Command Timeout,Connect Retry Count,Connect Retry Interval,Connection Lifetime,Load Balance Timeout,Context Connection,Current Language,Language,Enclave Attestation Url,Attestation Protocol,Enlist,Integrated Security,Trusted_Connection,IP Address Preference,Max Pool Size,Min Pool Size,Multiple Active Result Sets,MultipleActiveResultSets,Net,Network,Network Library,Packet Size,Persist Security Info,Pool Blocking Period,Pooling,Replication,Transaction Binding,Type System Version,User Instance,Workstation ID",
		// ODBC Driver 18
		"Addr,AnsiNPW,APP,ApplicationIntent,AttachDBFileName,Authentication,AutoTranslate,ClientCertificate,ClientKey,ColumnEncryption,ConcatNullYieldsNull,ConnectRetryCount,ConnectRetryInterval,ConnectTimeout,Database,Description,Driver,DSN,Encrypt,Failover_Partner,FailoverPartner,FailoverPartnerSPN,FileDSN,GetDataExtensions,HostnameInCertificate,IpAddressPreference,KeepAlive,KeepAliveInterval,KeystoreAuthentication,KeystorePrincipalId,KeystoreSecret,Language,LongAsMax,MARS_Connection,MultiSubnetFailover,Net,Network,PacketSize,PWD,QueryLog_On,QueryLogFile,QueryLogTime,QuotedId,Regional,Replication,RetryExec,SaveFile,Server,ServerCertificate,ServerSPN,StatsLog_On,StatsLogFile,TransparentNetworkIPResolution,Trusted_Connection,TrustServerCertificate,UID,UseFMTONLY,VectorTypeSupport,WSID",
		// what JDBC and Prisma name otherwise
		"databaseName,serverName,portNumber,instanceName,userName,loginTimeout,applicationName,integratedSecurity,authenticationScheme,lockTimeout,queryTimeout,socketTimeout,cancelQueryTimeout,selectMethod,responseBuffering,sendStringParametersAsUnicode,trustStore,trustStorePassword,accessToken,connectionLimit,isolationLevel,schema",
	} {
		for name := range strings.SplitSeq(list, ",") {
			if _, ok := wordOf(name); !ok {
				t.Errorf("%s is not known", name)
			}
		}
	}
	seen := make(map[string]bool)
	for _, w := range words {
		for name := range strings.SplitSeq(w.names, ", ") {
			if seen[name] {
				t.Errorf("%s is in two rows", name)
			}
			seen[name] = true
		}
	}
	for _, p := range params {
		if _, ok := wordOf(p.Name); !ok {
			t.Errorf("the param %s is no word", p.Name)
		}
	}
}

func TestImportTakesWordsOnce(t *testing.T) {
	secret := registry.NewSecret
	for _, c := range []struct{ given, want registry.Config }{
		{
			registry.Config{Params: map[string]string{
				"connection+timeout": "30", "App Name": "shop", "Encrypt": "Mandatory", "trust_server_certificate": "1", "multiSubnetFailover": "yes", "x": "y",
				"current language": "Deutsch", "QuotedId": "no", "Pwd": "p", "MARS_Connection": "0", "Initial Catalog": "d", "portNumber": "1444",
			}, Host: "h"},
			registry.Config{
				Host: "h", Port: 1444, ConnectTimeout: 30 * time.Second, AppName: "shop", TLS: &registry.TLS{SkipVerify: true}, Password: secret("p"), Database: "d",
				Params: map[string]string{"multiSubnetFailover": "true", "x": "y"}, Session: map[string]string{"LANGUAGE": "Deutsch", "QUOTED_IDENTIFIER": "OFF"},
			},
		},
		{ // what is set wins
			registry.Config{
				Host: "h", Port: 1, User: "u", PasswordFile: "/run/pw", Database: "d", AppName: "a", ConnectTimeout: 1, TLS: &registry.TLS{}, Session: map[string]string{"LANGUAGE": "x"},
				Pool:   registry.Pool{Max: 1},
				Params: map[string]string{"uid": "v", "pwd": "p", "app": "b", "timeout": "9", "encrypt": "true", "TrustServerCertificate": "true", "language": "y", "data source": "i,2", "max pool size": "2"},
			},
			registry.Config{
				Host: "h", Port: 1, User: "u", PasswordFile: "/run/pw", Database: "d", AppName: "a", ConnectTimeout: 1, TLS: &registry.TLS{}, Session: map[string]string{"LANGUAGE": "x"},
				Pool: registry.Pool{Max: 1},
			},
		},
		{registry.Config{Params: map[string]string{"timeout": "0"}}, registry.Config{ConnectTimeout: -1}},
		{registry.Config{Params: map[string]string{"timeout": "0", "dial timeout": "5"}}, registry.Config{ConnectTimeout: 5 * time.Second}},
		{registry.Config{Params: map[string]string{"timeout": "20", "dial timeout": "5"}}, registry.Config{ConnectTimeout: 20 * time.Second}},
		{registry.Config{Params: map[string]string{"encrypt": "disable", "TrustServerCertificate": "true"}}, registry.Config{}},
	} {
		cfg := c.given.Clone()
		for range 2 {
			if err := new(dialect).Import(&cfg); err != nil || !cfg.Equal(c.want) {
				t.Errorf("%v becomes %v, %v; want %v", c.given, cfg, err, c.want)
			}
		}
	}
	for _, params := range []map[string]string{
		{"encrypt": "false"},
		{"encrypt": "prefer"},
		{"TrustServerCertificate": "true"},
		{"encrypt": "true", "TrustServerCertificate": "perhaps"},
		{"uid": "a", "user": "b"},
		{"pwd": "a", "password": "b"},
		{"timeout": "5s"},
		{"port": "0"},
		{"server": "h,x"},
		{"server": "h:1433"},
		{"server": "admin:h"},
		{"tlsmin": "1.0", "encrypt": "true"},
		{"log": "8"},
		{"keepalive": "0"},
		{"failoverport": "1"},
		{"pooling": "perhaps"},
	} {
		if err := new(dialect).Import(&registry.Config{Params: params}); err == nil {
			t.Errorf("%v is taken", params)
		}
	}
}

func TestValuesOfTheSession(t *testing.T) {
	for name, c := range map[string]struct{ good, bad []string }{
		"LANGUAGE":          {[]string{"us_english", "Português (Brasil)", "日本語"}, []string{"", "x'; DROP TABLE y; --", "a\nb"}},
		"LOCK_TIMEOUT":      {[]string{"-1", "0", "5000"}, []string{"", "5s", "-2", "1; DROP TABLE y"}},
		"XACT_ABORT":        {[]string{"true", "Off", "1"}, []string{"", "ON; DROP TABLE y"}},
		"DEADLOCK_PRIORITY": {[]string{"low", "-10", "1"}, []string{"11", "@x"}},
		"CONTEXT_INFO":      {[]string{"0xCAFE"}, []string{"0x", "CAFE", "0x1", "0x" + strings.Repeat("00", 129)}},
		"DATEFORMAT":        {[]string{"DMY"}, []string{"d"}},
	} {
		cfg := registry.Config{Dialect: "mssql", User: "sa"}
		for _, value := range c.good {
			cfg.Session = map[string]string{strings.ToLower(name): value}
			if _, err := build(cfg, registry.Env{}); err != nil {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
		for _, value := range c.bad {
			cfg.Session = map[string]string{name: value}
			refused(t, cfg, registry.Env{}, "session."+name, "")
		}
	}
	for key, says := range map[string]string{
		"instance": "write params.instance", "Implicit_Transactions": "use BeginTx", "TRANSACTION ISOLATION LEVEL": "BeginTx",
		"LOCK_TIMEOU": `did you mean "LOCK_TIMEOUT"?`, "x; DROP TABLE y": "is not known",
	} {
		refused(t, registry.Config{Dialect: "mssql", User: "sa", Session: map[string]string{key: "1"}}, registry.Env{}, "session."+key, says)
	}
	for key, says := range map[string]string{
		"language": "write session.LANGUAGE", "lockTimeout": "write session.LOCK_TIMEOUT", "xactAbort": "write session.XACT_ABORT", "ARITHABORT": "write session.ARITHABORT",
	} {
		refused(t, registry.Config{Dialect: "mssql", User: "sa", Params: map[string]string{key: "1"}}, registry.Env{}, "params."+key, says)
	}
}

// TestNativeConnector logs in through the driver alone, with TLS and session as here.
func TestNativeConnector(t *testing.T) {
	for _, m := range modes {
		s := start(t)
		cfg := m.config(s)
		cfg.Session = map[string]string{"LANGUAGE": "Deutsch"}
		connector, err := NativeConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		if _, err := db.ExecContext(limit(t), "SELECT 1"); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if requests := last(t, s).Requests; !slices.ContainsFunc(requests, func(r tdstest.Request) bool { return r.SQL == "SET LANGUAGE N'Deutsch'" }) {
			t.Errorf("%s: the server got %+v", m.name, requests)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if cfg.TLS == nil {
			continue
		}
		cfg.TLS = &registry.TLS{} // which does not know the authority
		if connector, err = NativeConnector(cfg); err != nil {
			t.Fatal(err)
		}
		db = sql.OpenDB(connector)
		if err := db.PingContext(limit(t)); err == nil {
			t.Errorf("%s: a certificate of nobody is believed", m.name)
		}
		_ = db.Close() // it has no connection
	}
	for _, change := range []func(*registry.Config){
		func(c *registry.Config) { c.User = "" },
		func(c *registry.Config) { c.PasswordFile = "/run/pw" },
		func(c *registry.Config) { c.Credentials.Provider = "vault" },
	} {
		cfg := registry.Config{Dialect: "mssql", User: "sa"}
		change(&cfg)
		if _, err := NativeConfig(cfg); err == nil {
			t.Errorf("%v is taken", cfg)
		}
	}
}

func TestNativeConfig(t *testing.T) {
	config, err := NativeConfig(registry.Config{Dialect: "mssql", DSN: registry.NewSecret("server=a;failoverpartner=b;user id=u;password=p")})
	if err == nil {
		t.Errorf("a partner is taken: %v", config.FailOverPartner)
	}
	config, err = NativeConfig(registry.Config{
		Dialect: "mssql", ConnectTimeout: -5,
		DSN: registry.NewSecret(`server=a\I;user id=u;password=p;database=d;encrypt=strict;hostNameInCertificate=n;packet size=8192`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "a" || config.Instance != "I" || config.User != "u" || config.Password != "p" || config.Database != "d" ||
		config.Encryption != msdsn.EncryptionStrict || config.TLSConfig.ServerName != "n" || !config.HostInCertificateProvided || config.PacketSize != 8192 ||
		config.DialTimeout != -1 || len(config.Protocols) != 1 {
		t.Errorf("got %s", config.URL().Redacted())
	}
}

const canary = "hunter2hunter2"

// TestNoWordShowsItsValue: not in the error, and not in that of what it becomes.
func TestNoWordShowsItsValue(t *testing.T) {
	for _, w := range words {
		for name := range strings.SplitSeq(w.names, ", ") {
			for _, value := range []string{canary, canary + `\x,` + canary, "[" + canary, canary + "\U0001F600"} {
				cfg := registry.Config{Dialect: "mssql", User: "u", Params: map[string]string{name: value}}
				err := new(dialect).Import(&cfg)
				if err == nil {
					err = cfg.Validate()
				}
				if err == nil {
					_, err = build(cfg, registry.Env{})
				}
				if err != nil && strings.Contains(err.Error(), canary) {
					t.Errorf("%s=%s gives %v", name, value, err)
				}
			}
		}
	}
}

// heeded are the names that msdsn heeds, as it has them; all others it passes over.
var heeded = regexp.MustCompile(`^(database|encrypt|password|user id|port|trustservercertificate|certificate|servercertificate|tlsmin|packet size|log|connection timeout|hostnameincertificate|keepalive|serverspn|workstation id|app name|applicationintent|failoverpartner|failoverport|failoverpartnerspn|disableretry|server|protocol|dial timeout|multisubnetfailover|guid conversion|timezone)$`)

// FuzzDSN: what is read, and what go-mssqldb reads in the same way, names the same host, port, instance, user,
// password, database and TLS; and no error shows a value.
func FuzzDSN(f *testing.F) {
	for _, seed := range []string{
		"sqlserver://sa:p%40@h:1433/I?database=d&encrypt=true", "server=h\\I,1433;user id=sa;password=\"a;\"\"b\";database=d", "odbc:server=h;user id=sa;password={a;b}}c}",
		"Server=tcp:h,1433;Initial Catalog=d;User ID=u;Password=p;Encrypt=True;TrustServerCertificate=False", "sqlserver://[::1]?database=d", "sqlserver://[::1]:1/",
		"driver={x};server=h;uid=u;pwd={p;q}", "server=(local);user=sa;encrypt=strict;hostnameincertificate=n", "password='a;b'", "server = h ; password = a = b ",
		"odbc: server = { h } ; user id = x ", "server=h;;database=\"\";user id=\"a\" ", "sqlserver://u:p@h\\I?app+name=a+b", "odbc:password={a", "server=np:h;port=1",
		"sqlserver://h%5CI?user+id=u", "password=a\"b;c\"", "server=h,;port=7", "encrypt=disable;trustservercertificate=true",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		for _, text := range []string{
			dsn, dsn + canary, dsn + ";" + canary, dsn + ";password=" + canary, "password=" + canary + dsn, "sqlserver://u:" + canary + dsn, "odbc:pwd={" + canary + dsn,
			dsn + ";encrypt=" + canary + ";", "server=h;password=a;" + canary + "=b;" + dsn, dsn + "&encrypt=" + canary, dsn + "\"" + canary,
		} {
			if _, err := new(dialect).ParseDSN(text); err != nil && strings.Contains(err.Error(), canary) {
				t.Fatalf("%q: %v", text, err)
			}
		}
		cfg, err := new(dialect).ParseDSN(dsn)
		if err != nil || cfg.Validate() != nil {
			return
		}
		theirs, err := msdsn.Parse(dsn)
		if err != nil {
			return
		}
		for name := range theirs.Parameters {
			if !heeded.MatchString(name) {
				return // and so means something else to them
			}
		}
		host := strings.Trim(theirs.Host, "[]")
		if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, ":,") {
			return // tcp: and a port, which they know in one form only
		}
		password := cfg.Password.Reveal()
		if cmp.Or(cfg.Host, "localhost") != host || uint64(cfg.Port) != theirs.Port || cfg.Params["instance"] != theirs.Instance ||
			cfg.User != theirs.User || password != theirs.Password || cfg.Database != theirs.Database {
			t.Errorf("%q is %v with the password %q; go-mssqldb reads %q %d %q %q %q %q", dsn, cfg, password, host, theirs.Port, theirs.Instance, theirs.User, theirs.Password, theirs.Database)
		}
		if problem := otherTLS(cfg, theirs.Encryption, theirs.TLSConfig); problem != "" {
			t.Errorf("%q: %s", dsn, problem)
		}
	})
}

// otherTLS tells where both differ.
func otherTLS(cfg registry.Config, encryption msdsn.Encryption, config *tls.Config) string {
	switch {
	case cfg.TLS == nil:
		if encryption == msdsn.EncryptionRequired || encryption == msdsn.EncryptionStrict {
			return "go-mssqldb encrypts"
		}
	case (cfg.Params["strict"] == "true") != (encryption == msdsn.EncryptionStrict) || encryption == msdsn.EncryptionOff || encryption == msdsn.EncryptionDisabled:
		return "the encryption is another"
	case cfg.TLS.SkipVerify != config.InsecureSkipVerify:
		return "the certificate is verified by one of both"
	case cfg.TLS.ServerName != "" && cfg.TLS.ServerName != config.ServerName:
		return "the name in the certificate is another"
	}
	return ""
}

// TestOurKeysKeepTheirMeaning: a word of the clients that is a key of a Config as well says the same.
func TestOurKeysKeepTheirMeaning(t *testing.T) {
	for _, key := range testdriver.Keys() {
		w, known := wordOf(key)
		if !known {
			continue
		}
		cfg := registry.Config{Params: map[string]string{key: "5"}}
		if err := new(dialect).Import(&cfg); err != nil {
			continue
		}
		if got := cfg.Diff(registry.Config{}); len(got) != 1 || got[0] != key {
			t.Errorf("%s is %s here, and sets %q", key, w.name(), got)
		}
	}
}
