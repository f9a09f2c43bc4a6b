package mysql

import (
	"slices"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

var words = network.Words{List: wordList, Params: driverParams, Setting: setting}

// wordList has every parameter of go-sql-driver, and those of other clients, hosting platforms and frameworks. The
// comment above a row names the page that explains it:
//
//	driver    https://github.com/go-sql-driver/mysql#parameters
//	clients   https://dev.mysql.com/doc/refman/8.4/en/connection-options.html
//	uri       https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html
//	mariadb   https://mariadb.com/kb/en/about-mariadb-connector-j/#essential-parameters
//	jdbc      https://dev.mysql.com/doc/connector-j/en/connector-j-reference-configuration-properties.html
//	python    https://dev.mysql.com/doc/connector-python/en/connector-python-connectargs.html
//	prisma    https://www.prisma.io/docs/orm/overview/databases/mysql#arguments
//	rails     https://guides.rubyonrails.org/configuring.html#configuring-a-database
//	doctrine  https://www.doctrine-project.org/projects/doctrine-dbal/en/current/reference/configuration.html
//
// A row with neither Take nor Problem is read in finish, with others.
var wordList = []network.Word{
	// driver
	{Names: "charset characterEncoding encoding character_set_client character_set_connection character_set_results names", Take: takeCharset}, // the second: jdbc; the third: rails
	{Names: "timeout", Here: "connectTimeout", Take: network.Duration},
	{Names: "readTimeout", Here: "params.readTimeout", Take: takeDuration},
	{Names: "writeTimeout", Here: "params.writeTimeout", Take: takeDuration},
	{Names: "connectionAttributes", Here: "appName", Take: takeAttributes},
	{Names: "rejectReadOnly", Here: "role", Take: takeWriter},
	{Names: "tls", Here: "ssl"},
	{Names: "allowAllFiles", Unless: "false 0", Problem: "lets the server have any file of this machine, which cannot be had", Cure: "leave it out"},
	{Names: "allowFallbackToPlaintext", Here: "ssl", Unless: "false 0", Problem: "lets anyone in between have plaintext sent", Cure: "leave it out, and write tls=true or tls=false"},
	{Names: "allowNativePasswords", Unless: "true 1", Problem: "cannot be turned off", Cure: "leave it out, and have the account use another plugin"},
	{Names: "allowOldPasswords", Unless: "false 0", Problem: "sends a password that is easily found out, which cannot be had", Cure: "give the account a new password"},
	{Names: "checkConnLiveness", Unless: "true 1", Problem: "cannot be turned off", Cure: "leave it out"},
	{Names: "timeTruncate", Unless: "0 0s", Problem: "cannot be had", Cure: "leave it out, and truncate the time.Time"},
	{Names: "parseTime", Unless: "true 1", Problem: "is false, and DATE, DATETIME and TIMESTAMP are always time.Time here", Cure: "leave it out, and select CAST(x AS CHAR) where a text is wanted"},
	{Names: "serverPubKey", Problem: "names a key that was registered with the driver, which cannot be had", Cure: "leave it out, and write tls=true"},
	{Names: "strict", Problem: "is none of the driver's any more", Cure: "write session.sql_mode"},
	// clients, uri, python: TLS
	{Names: "ssl-mode sslMode ssl_mode", Here: "ssl"},
	{Names: "ssl", Here: "ssl"},
	{Names: "ssl-ca ssl_ca sslca sslrootcert serverSslCert", Here: "ssl.caFile"}, // sslca: rails; the last: mariadb
	{Names: "ssl-cert ssl_cert", Here: "ssl.certFile"},
	{Names: "ssl-key ssl_key sslkey", Here: "ssl.keyFile"},
	{Names: "get-server-public-key allowPublicKeyRetrieval", Take: network.Drop}, // the driver asks for the key, as doc.go says
	{Names: "sslcert", Here: "ssl", Problem: "is the certificate of the authority in some clients, and that of the client in others", Cure: "write ssl.caFile or ssl.certFile"}, // prisma, rails
	{Names: "ssl-capath ssl_capath ssl-crl ssl-crlpath ssl-cipher ssl_cipher tls-version tls_versions tls-ciphersuites tls_ciphersuites", Problem: "cannot be had", Cure: "leave it out: TLS is 1.2 or newer, and ssl-ca names a file"},
	{Names: "ssl_disabled", Here: "ssl", Unless: "true 1", Problem: "is false, which does not say what is verified", Cure: "write ssl-mode=VERIFY_IDENTITY"},
	{Names: "ssl-verify-server-cert ssl_verify_cert ssl_verify_identity verifyServerCertificate requireSSL sslverify", Here: "ssl", Problem: "says one part of what ssl-mode says", Cure: "write ssl-mode=VERIFY_IDENTITY, VERIFY_CA or REQUIRED"},
	{Names: "useSSL", Here: "ssl", Unless: "false 0", Problem: "does not say what is verified", Cure: "write ssl-mode=VERIFY_IDENTITY"}, // jdbc
	// clients, uri: the rest
	{Names: "host", Here: "host", Take: network.Text},
	{Names: "port", Here: "port", Take: network.Count},
	{Names: "user username", Here: "user", Take: network.Text},
	{Names: "password", Here: "password", Take: network.Password},
	{Names: "database dbname", Here: "database", Take: network.Text},
	{Names: "socket unix_socket unixSocket", Here: "host"},
	{Names: "connect-timeout connect_timeout", Here: "connectTimeout", Take: network.Seconds},
	{Names: "reconnect autoReconnect useUnicode", Take: network.Drop}, // the pool replaces what is lost; rails, jdbc
	{Names: "default-auth auth-method auth_plugin", Problem: "cannot be chosen: the account has one", Cure: "leave it out"},
	{Names: "init-command init_command sessionVariables", Here: "session", Problem: "is SQL, and only values are sent", Cure: "write each setting as session.name"}, // the last: jdbc
	{Names: "timezone serverTimezone connectionTimeZone", Here: "session.time_zone", Problem: "has another meaning in each client", Cure: "write session.time_zone, or loc as go-sql-driver has it"},
	// prisma
	{Names: "connection_limit pool", Here: "pool.max", Take: network.Count}, // pool: rails
	{Names: "pool_timeout", Take: network.Drop},                             // a wait for a connection ends with the context of the call
	{Names: "statement_cache_size", Take: network.Drop},                     // database/sql keeps prepared statements
	{Names: "socket_timeout", Here: "params.readTimeout", Take: takeSeconds},
	{Names: "sslaccept", Here: "ssl"},
	{Names: "sslidentity sslpassword", Here: "ssl.certFile", Problem: "belongs to a PKCS 12 file, which is not read", Cure: "write ssl-cert and ssl-key, with the files that openssl pkcs12 makes of it"},
	// rails
	{Names: "read_timeout", Here: "params.readTimeout", Take: takeSeconds},
	{Names: "write_timeout", Here: "params.writeTimeout", Take: takeSeconds},
	{Names: "adapter", Unless: "mysql2 trilogy mysql", Problem: "names another dialect", Cure: "leave it out"},
	// doctrine
	{Names: "serverVersion", Take: network.Drop}, // is asked from the server
	// settings of the server, some of which could be taken for a mistake in one of the words above
	{Names: "collation", Here: "session.collation", Take: takeSetting}, // is the driver's as well
	{Names: "sql_mode", Here: "session.sql_mode", Take: takeSetting},
	{Names: "time_zone", Here: "session.time_zone", Take: takeSetting},
	{Names: "wait_timeout", Here: "session.wait_timeout", Take: takeSetting},
}

// takeCharset drops utf8mb4, which is spoken, and utf8, which is a part of it. Of a list the driver takes the first that the
// server knows.
func takeCharset(_ *network.Reading, _ *network.Word, value string) error {
	first, _, _ := strings.Cut(network.Plain(value), ",")
	switch strings.Trim(first, " ") {
	case "utf8mb4", "utf8", "utf8mb3", "utf-8", "utf_8":
		return nil
	}
	return network.Refuse("cannot be had: a session speaks utf8mb4", "leave it out; the server converts to and from what columns have")
}

// takeWriter takes what leaves a server that has become read-only. The error of the write is not hidden here.
func takeWriter(r *network.Reading, _ *network.Word, value string) error {
	on, err := network.Flag(value)
	if on {
		r.Role = registry.RoleWriter
	}
	return err
}

// takeSetting does what is done with words that are in no list.
func takeSetting(r *network.Reading, w *network.Word, value string) error {
	name, text, err := setting(strings.TrimPrefix(w.Here, "session."), value)
	if err == nil {
		err = r.Set(name, text)
	}
	return err
}

// takeDuration keeps a duration; 0 is none.
func takeDuration(r *network.Reading, w *network.Word, value string) error {
	d, err := time.ParseDuration(network.Plain(value))
	switch {
	case err != nil || d < 0:
		return network.Refuse("is not a time", "write a duration with its unit, such as "+w.Here+"=30s")
	case d == 0:
		return nil
	}
	return r.Keep(strings.TrimPrefix(w.Here, "params."), d.String())
}

// takeSeconds is takeDuration for a number.
func takeSeconds(r *network.Reading, w *network.Word, value string) error {
	return takeDuration(r, w, network.Plain(value)+"s")
}

// takeAttributes reads name:value,... of which the program's name has a field.
func takeAttributes(r *network.Reading, _ *network.Word, value string) error {
	for _, attribute := range strings.Split(value, ",") {
		name, text, _ := strings.Cut(attribute, ":")
		switch {
		case attribute == "":
		case name == "program_name":
			r.AppName = text
		default:
			return network.Refuse("has another attribute than program_name, which cannot be had", "leave it out")
		}
	}
	return nil
}

func wrong(name, problem, cure string) error {
	return registry.NewConfigError(name, problem, cure)
}

// finish reads what only means something together.
func finish(r *network.Reading) error {
	if socket := r.Later["socket"]; socket != "" {
		if r.Host != "" && r.Host != network.DefaultHost && r.Host != socket {
			return wrong("socket", "is given beside a host", "keep one of them")
		}
		if !strings.HasPrefix(socket, "/") {
			return wrong("socket", "is no absolute path", "write it from the root")
		}
		r.Host, r.Port = socket, 0
	}
	if strings.Contains(r.Host, ",") {
		return wrong("host", "names several hosts", "name one, or a proxy that knows them")
	}
	if _, given := r.Params["loc"]; given {
		if _, given := r.Session["time_zone"]; !given {
			_ = r.Set("time_zone", serversOwn) // it is not there
		}
	}
	return readTLS(r)
}

// sslModes are the words of ssl-mode, each with the number that stands for it in the C API, and with those of MariaDB's clients.
// https://dev.mysql.com/doc/c-api/8.4/en/mysql-options.html
var sslModes = []string{
	"disabled 1 disable",
	"preferred 2 prefer",
	"required 3 require trust",
	"verify_ca 4 verify-ca",
	"verify_identity 5 verify-full verify-identity",
}

// modeOf returns what a word says of TLS, as the first word of a row of sslModes.
func modeOf(name, value string) (mode, problem, cure string) {
	value = network.Plain(value)
	on, isBool := network.Bool(value)
	switch {
	case name == "ssl-mode":
		for _, words := range sslModes {
			if all := strings.Split(words, " "); slices.Contains(all, value) {
				mode = all[0]
			}
		}
		switch mode {
		case "":
			return "", "is no mode of MySQL", "write VERIFY_IDENTITY, VERIFY_CA, REQUIRED or DISABLED"
		case "preferred":
			return "", "is PREFERRED, with which anyone in between can have plaintext sent", "write VERIFY_IDENTITY, or REQUIRED, which believes any server, or DISABLED"
		}
		return mode, "", ""
	case name == "sslaccept" && value == "strict", name != "sslaccept" && isBool && on:
		return "verify_identity", "", ""
	case name == "sslaccept" && value == "accept_invalid_certs", name == "tls" && value == "skip-verify":
		return "required", "", ""
	case name == "sslaccept":
		return "", "is neither strict nor accept_invalid_certs", "write strict"
	case isBool:
		return "disabled", "", ""
	case name == "ssl":
		return "", "is neither true nor false", "write ssl=true, which verifies the server"
	case value == "preferred":
		return "", "is preferred, with which anyone in between can have plaintext sent", "write tls=true, or skip-verify, which believes any server, or false"
	}
	return "", "names a config that was registered with the driver, which cannot be had", "write tls=true, with ssl.caFile for an authority of your own"
}

// readTLS reads tls, ssl-mode and what stands beside them.
// https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode
func readTLS(r *network.Reading) error {
	mode := ""
	for _, name := range []string{"tls", "ssl-mode", "ssl", "sslaccept"} {
		value, given := r.Later[name]
		if !given {
			continue
		}
		one, problem, cure := modeOf(name, value)
		if problem != "" {
			return wrong(name, problem, cure)
		}
		if mode != "" && mode != one {
			return wrong("ssl", "is said in two ways that differ", "keep one of tls, ssl-mode, ssl and sslaccept")
		}
		mode = one
	}
	t := registry.TLS{CAFile: r.Later["ssl-ca"], CertFile: r.Later["ssl-cert"], KeyFile: r.Later["ssl-key"]}
	switch mode {
	case "":
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" {
			return wrong("ssl-mode", "is missing beside what belongs to TLS", "write VERIFY_IDENTITY, or VERIFY_CA where the certificate has no or another name")
		}
		return nil
	case "disabled":
		return nil
	case "required": // with an authority, clients verify what it issued
		t.SkipVerify, t.SkipHostname = t.CAFile == "", t.CAFile != ""
	case "verify_ca":
		if t.CAFile == "" {
			return wrong("ssl-mode", "is VERIFY_CA without ssl-ca: a certificate for any name in the world would do", "name the authority's certificate as ssl-ca, or write VERIFY_IDENTITY")
		}
		t.SkipHostname = true
	}
	r.TLS = &t
	return nil
}
