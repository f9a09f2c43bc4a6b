package mssql

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// words are the parameters of the clients of SQL Server, and what becomes of each here.
//
// go-mssqldb: https://github.com/microsoft/go-mssqldb#connection-parameters-and-dsn
// ADO.NET: https://learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
// ODBC: https://learn.microsoft.com/sql/connect/odbc/dsn-connection-string-attribute
// JDBC: https://learn.microsoft.com/sql/connect/jdbc/setting-the-connection-properties
// Prisma: https://www.prisma.io/docs/orm/core-concepts/supported-databases/sql-server
var words = []word{
	// Where and who.
	{"server, data source, address, addr, network address, serverName", call((*reading).takeServer)},
	{"port, portNumber", call(func(r *reading, value string) (problem, cure string) { return r.port(value) })},
	{"instance, instanceName", keep("instance")},
	{"user id, user, uid, userName", text(func(r *reading) *string { return &r.said.User })},
	{"password, pwd", call((*reading).takePassword)},
	{"database, initial catalog, databaseName", text(func(r *reading) *string { return &r.said.Database })},
	{"app name, application name, app, applicationName, program_name", text(func(r *reading) *string { return &r.said.AppName })},
	{"workstation id, wsid", keep("workstationId")},
	{"failoverpartner, failover partner, failover_partner", text(func(r *reading) *string { return &r.partner })},
	{"failoverport", call(func(r *reading, value string) (problem, cure string) { r.partnerPort = value; return "", "" })},
	{"multisubnetfailover, multi subnet failover", flag("multiSubnetFailover")},
	{"applicationintent, application intent", call((*reading).takeIntent)},
	{"driver, description, provider", drop{}}, // of ODBC and OLE DB: which library to load
	{"dsn, filedsn, savefile", &dropIf{"", "names an entry of ODBC's own files, which are not read", "write server, user id, password and database"}},

	// How the login is encrypted, and the rest.
	{"encrypt, use encryption for data", text(func(r *reading) *string { return &r.encrypt })},
	{"TrustServerCertificate, trust server certificate", aboutTLS(func(r *reading) *string { return &r.trust })},
	{"hostNameInCertificate, host name in certificate", aboutTLS(func(r *reading) *string { return &r.name })},
	{"certificate", aboutTLS(func(r *reading) *string { return &r.ca })},
	{"tlsmin", aboutTLS(func(r *reading) *string { return &r.version })},
	{"strict", flag("strict")},
	{"serverCertificate, server certificate", &dropIf{"", "compares the server's certificate with a file byte for byte, which cannot be said here", "name the file as ssl.caFile, with ssl.verifyHostname=false where the name differs"}},
	{"trustStore, trustStorePassword, trustStoreType, trustManagerClass, trustManagerConstructorArg", &dropIf{"", "names a store of Java", "name a PEM file as ssl.caFile"}},
	{"clientCertificate, clientKey, clientKeyPassword", &dropIf{"", "is a client certificate, which SQL Server takes from programs on its own machine only", "log in with user and password, or a token"}},
	{"fips, sslProtocol", &dropIf{"", "cannot be set", "leave it out: 1.2 is the lowest version that is spoken"}},
	{"epa enabled", &dropIf{"false", "cannot be had", "leave it out, or turn Extended Protection off on the server"}},

	// Ways to log in.
	{"authentication", call((*reading).takeAuthentication)},
	{"integrated security, trusted_connection, integratedSecurity", call((*reading).takeIntegrated)},
	{"fedauth, applicationclientid, clientcertpath, resource id, serviceconnectionid, systemtoken, msiClientId, accessToken, AADSecurePrincipalId, AADSecurePrincipalSecret", &dropIf{"", "asks for a token of Microsoft Entra ID to be fetched", entraTokens}},
	{"authenticator, authenticationScheme", call((*reading).takeAuthenticator)},
	{"krb5-configfile, krb5-realm, krb5-keytabfile, krb5-credcachefile, krb5-dnslookupkdc, krb5-udppreferencelimit, jaasConfigurationName, useDefaultJaasConfig, realm, domain, gsscredential", &dropIf{"", "belongs to Kerberos, which is not spoken here", `log in with user and password, with a token, or as DOMAIN\name`}},
	{"serverspn, server spn, failoverpartnerspn, failover partner spn", &dropIf{"", "belongs to Kerberos, which makes the name from host and port here", "leave it out"}},
	{"change password, newPassword, new password", &dropIf{"", "is not done while connecting", "change it with ALTER LOGIN"}},
	{"persist security info, persistsecurityinfo", drop{}}, // whether .NET shows the password again

	// Time.
	{"connection timeout, connect timeout, timeout, loginTimeout, login timeout", seconds(func(r *reading) *time.Duration { return &r.login })},
	{"dial timeout", seconds(func(r *reading) *time.Duration { return &r.dial })},
	{"command timeout, queryTimeout, socketTimeout, cancelQueryTimeout", &dropIf{"0 -1", "bounds each statement", "give the statement a context with a timeout"}},
	{"lockTimeout", call(func(r *reading, value string) (problem, cure string) { return r.set("LOCK_TIMEOUT", value) })},
	{"keepAlive, keepAliveInterval", call(func(r *reading, value string) (problem, cure string) {
		if value == "0" {
			return "turns off the probes that find dead connections", "leave it out"
		}
		return "", "" // they are sent every 15 s
	})},
	{"connectRetryCount, connectRetryInterval", drop{}}, // a broken connection that is idle is replaced
	{"disableretry, retryExec, retryConn", &dropIf{"false", "cannot be had: a statement that never reached the server is sent on another connection", "leave it out"}},

	// The connection and what goes over it.
	{"packet size, packetSize", keep("packetSize")},
	{"protocol, net, network, network library", call((*reading).takeProtocol)},
	{"pipe", &dropIf{"", "names a named pipe", "turn TCP/IP on in the SQL Server Configuration Manager, and write the host"}},
	{"ipAddressPreference, ip address preference", drop{}}, // all addresses are tried
	{"transparentNetworkIPResolution, transparent network ip resolution", drop{}},
	{"log", &dropIf{"0", "writes statements, also with what is secret in them, into a log", "use the events of package observer"}},
	{"querylog_on, querylogfile, querylogtime, statslog_on, statslogfile", &dropIf{"false", "writes a log of ODBC", "use the events of package observer"}},
	{"notraceid", &dropIf{"false", "cannot be had", "leave it out"}},
	{"guid conversion, guidConversion", flag("guidConversion")},
	{"timezone", keep("timezone")},
	{"columnencryption, column encryption setting, columnEncryptionSetting", &dropIf{"false", "is Always Encrypted, which is not linked here", "read the columns with go-mssqldb itself"}},
	{"attestation protocol, enclave attestation url, enclaveAttestationUrl, enclaveAttestationProtocol, keyStoreAuthentication, keyStorePrincipalId, keyStoreSecret, keyVaultProviderClientId, keyVaultProviderClientKey", &dropIf{"", "belongs to Always Encrypted, which is not linked here", "leave it out"}},
	{"MultipleActiveResultSets, multiple active result sets, mars connection, mars_connection", &dropIf{"false", "cannot be had: a result that is being read has its connection for itself", "leave it out, and in a transaction read one result to its end before the next"}},
	{"sendStringParametersAsUnicode", &dropIf{"true", "cannot be set for all: a string goes as nvarchar", "pass an mssql.VarChar where the index is of varchar"}},
	{"selectMethod", &dropIf{"direct", "asks for cursors of the server", "leave it out: rows are read as they come"}},
	{"responseBuffering", drop{}}, // rows are read as they come
	{"type system version, asynchronous processing, async, transaction binding, enlist, autotranslate, regional, useFMTOnly, longAsMax, getDataExtensions, vectorTypeSupport", drop{}}, // about types and transactions of .NET and ODBC
	{"replication, context connection, contextConnection, user instance", &dropIf{"false", "is for programs inside SQL Server or beside it", "leave it out"}},
	{"attachdbfilename, attachDbFile, extended properties, initial file name", &dropIf{"", "attaches a file", "use CREATE DATABASE ... FOR ATTACH, and name the database"}},

	// The session.
	{"language, current language", call(func(r *reading, value string) (problem, cure string) { return r.set("LANGUAGE", value) })},
	{"quotedId", option("QUOTED_IDENTIFIER")},
	{"concatNullYieldsNull", option("CONCAT_NULL_YIELDS_NULL")},
	{"ansiNPW", &dropIf{"true", "turns off ANSI_NULLS, ANSI_PADDING and ANSI_WARNINGS", "name them: session.ANSI_NULLS=off"}},
	{"xopenStates, lastUpdateCount, disableStatementPooling, statementPoolingCacheSize, sendTimeAsDatetime, serverPreparedStatementDiscardThreshold, enablePrepareOnFirstPreparedStatementCall, useBulkCopyForBatchInsert, delayLoadingLobs, columnFormat", drop{}}, // about the API of JDBC
	{"isolationLevel, transactionIsolation", &dropIf{"", "belongs to a transaction", "give it to BeginTx"}},
	{"schema", &dropIf{"dbo", "is none of the connection's: it belongs to the user of the database", "write ALTER USER ... WITH DEFAULT_SCHEMA, or name it in statements"}},

	// The pool.
	{"pooling", call(func(r *reading, value string) (problem, cure string) {
		on, ok := boolean(value)
		if !ok {
			return "must be true or false", "correct it"
		}
		if !on {
			r.said.Pool.MaxIdle = -1
		}
		return "", ""
	})},
	{"max pool size, connectionLimit", count(func(c *registry.Config) *int { return &c.Pool.Max })},
	{"min pool size", count(func(c *registry.Config) *int { return &c.Pool.Min })},
	{"connection lifetime, load balance timeout", call(func(r *reading, value string) (problem, cure string) {
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return "is not a number of seconds", "correct it"
		}
		r.said.Pool.MaxLifetime = time.Duration(n) * time.Second
		return "", ""
	})},
	{"connection reset, pool blocking period, poolBlockingPeriod, poolTimeout", drop{}}, // sessions are reset, and waiting is up to the context
}

const entraTokens = "set params.authentication=token and give the access token as the password, or a function that fetches it to conn.WithCredentials"

// call is for what no other word does.
type call func(r *reading, value string) (problem, cure string)

func (f call) take(r *reading, value string) (problem, cure string) { return f(r, value) }

// text sets a text to the value as it is.
type text func(*reading) *string

func (at text) take(r *reading, value string) (problem, cure string) { return one(at(r), value) }

// one sets what may be said once.
func one(p *string, value string) (problem, cure string) {
	if *p != "" && *p != value {
		return twice()
	}
	*p = value
	return "", ""
}

// keep leaves a word in Params, under the name that it has here.
type keep string

func (param keep) take(r *reading, value string) (problem, cure string) {
	return r.keep(string(param), value)
}

// flag is keep for true and false.
type flag string

func (param flag) take(r *reading, value string) (problem, cure string) {
	if on, ok := boolean(value); ok {
		value = strconv.FormatBool(on)
	}
	return r.keep(string(param), value) // others are an error of the connector
}

// option makes true and false a setting of the session.
type option string

func (name option) take(r *reading, value string) (problem, cure string) {
	return r.set(string(name), switched(find(options, string(name)), value))
}

// aboutTLS keeps a word about TLS, for all of them together.
type aboutTLS func(*reading) *string

func (at aboutTLS) take(r *reading, value string) (problem, cure string) {
	if r.given == "" || r.at < r.given {
		r.given = r.at
	}
	return text(at).take(r, value)
}

// drop is for what is done anyway, and for what has no meaning for a program in Go.
type drop struct{}

func (drop) take(*reading, string) (problem, cure string) { return "", "" }

// dropIf is for what cannot be had, but for the values that mean what is done anyway.
type dropIf struct{ values, problem, cure string }

func (w *dropIf) take(_ *reading, value string) (problem, cure string) {
	on, isBool := boolean(value)
	values := strings.Split(w.values, " ")
	if isBool && slices.Contains(values, strconv.FormatBool(on)) || slices.Contains(values, strings.ToLower(value)) {
		return "", ""
	}
	return w.problem, w.cure
}

// seconds reads a time, of which 0 is none.
type seconds func(*reading) *time.Duration

func (at seconds) take(r *reading, value string) (problem, cure string) {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return "is not a number of seconds", "correct it, or set connectTimeout=5s"
	}
	d := time.Duration(n) * time.Second
	if n == 0 {
		d = -1
	}
	if p := at(r); *p == 0 || *p == d {
		*p = d
		return "", ""
	}
	return twice()
}

type count func(*registry.Config) *int

func (field count) take(r *reading, value string) (problem, cure string) {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return "is not a number of connections", "correct it"
	}
	*field(&r.said) = int(n)
	return "", ""
}

func (r *reading) takeServer(value string) (problem, cure string) {
	if r.said.Host != "" {
		return twice()
	}
	return r.server(value)
}

func (r *reading) takePassword(value string) (problem, cure string) {
	if !r.said.Password.IsZero() && r.said.Password.Reveal() != value {
		return twice()
	}
	r.said.Password = registry.NewSecret(value)
	return "", ""
}

// takeIntent takes ReadOnly for what it is to the server: a wish, which a database without a replica for reading passes over.
// https://learn.microsoft.com/sql/connect/jdbc/setting-the-connection-properties
func (r *reading) takeIntent(value string) (problem, cure string) {
	switch strings.ToLower(value) {
	case "readonly":
		r.said.Role = registry.RolePreferReader
	case "readwrite":
	default:
		return "is neither ReadOnly nor ReadWrite", "correct it, or write role"
	}
	return "", ""
}

// takeProtocol takes TCP only. https://learn.microsoft.com/sql/connect/odbc/dsn-connection-string-attribute#network
func (r *reading) takeProtocol(value string) (problem, cure string) {
	switch strings.ToLower(value) {
	case "tcp", "dbmssocn":
		return "", ""
	}
	return "is not tcp", "turn TCP/IP on in the SQL Server Configuration Manager, and leave it out"
}

// takeAuthentication takes our own words and those of ADO.NET and ODBC.
// https://learn.microsoft.com/sql/connect/ado-net/sql/azure-active-directory-authentication
func (r *reading) takeAuthentication(value string) (problem, cure string) {
	switch lower := fold(value); {
	case lower == "sqlpassword":
		value = "password"
	case lower == "activedirectoryintegrated":
		return "is a login of Microsoft Entra ID with Kerberos, which is not spoken here", entraTokens
	case strings.HasPrefix(lower, "activedirectory"):
		return "asks for a token of Microsoft Entra ID to be fetched", entraTokens
	case lower == "notspecified":
		return "", ""
	}
	return r.keep("authentication", value)
}

func (r *reading) takeIntegrated(value string) (problem, cure string) {
	switch on, ok := boolean(value); {
	case !ok:
		return "must be true, false or SSPI", "correct it"
	case on:
		return r.keep("authentication", "windows")
	}
	return "", ""
}

// takeAuthenticator takes what a login with DOMAIN\name does anyway.
func (r *reading) takeAuthenticator(value string) (problem, cure string) {
	switch strings.ToLower(value) {
	case "ntlm", "nativeauthentication":
		return "", ""
	case "winsspi":
		return r.keep("authentication", "windows")
	}
	return "is Kerberos, or something else that is not spoken here", `log in with user and password, with a token, or as DOMAIN\name`
}
