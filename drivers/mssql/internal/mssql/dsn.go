package mssql

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// setting is a name with its value in a connection string.
type setting struct{ name, value string }

// ParseDSN reads the three forms of go-mssqldb: a sqlserver:// URL, the form of ADO.NET, and that of ODBC behind
// "odbc:" or with a driver named in it. https://github.com/microsoft/go-mssqldb#the-connection-string-can-be-specified-in-one-of-three-formats
//
// Nothing of a name is repeated in an error that is none: it may be the end of a password with a semicolon in it.
func (*dialect) ParseDSN(dsn string) (registry.Config, error) {
	var cfg registry.Config
	r := &reading{at: "dsn"}
	if err := r.wrong(r.parse(dsn, &cfg)); err != nil {
		return registry.Config{}, err
	}
	return cfg, nil
}

func (r *reading) parse(dsn string, cfg *registry.Config) (problem, cure string) {
	all, problem, cure := split(dsn)
	if problem != "" {
		return problem, cure
	}
	for i, s := range all {
		w, known := wordOf(s.name)
		if !known {
			r.at = "dsn"
			return fmt.Sprintf("has a setting that is not known, which is number %d", i+1),
				`correct its name, and write a value that contains a ";" in double quotes, or for ODBC in braces`
		}
		if problem, cure := r.take(w, s.value); problem != "" {
			return problem, cure
		}
	}
	return r.into(cfg)
}

func split(dsn string) (all []setting, problem, cure string) {
	lower := strings.ToLower(dsn)
	switch {
	case !utf8.ValidString(dsn) || strings.ContainsRune(dsn, 0):
		return nil, "is not UTF-8 text, or contains a NUL character", "correct it"
	case strings.HasPrefix(lower, "jdbc:"):
		return nil, "is a URL of JDBC", "write it as server=host,port;user id=...;password=...;database=..., or as the URL mssql://user:password@host:port/database"
	case strings.HasPrefix(lower, "sqlserver://") && strings.Contains(dsn, ";"):
		return nil, `is a URL with a ";" in it, as JDBC and Prisma write them`, "write the settings after a ?, joined by &, and the login before the host: sqlserver://user:password@host:port?database=...; a ; in a password is %3B"
	case strings.HasPrefix(dsn, "sqlserver://"):
		return splitURL(dsn)
	case strings.HasPrefix(dsn, "odbc:"):
		return splitODBC(dsn[len("odbc:"):])
	case hasScheme(dsn):
		return nil, "is a URL, and none of go-mssqldb", "give it as url, or write sqlserver://"
	case namesDriver(lower):
		return splitODBC(dsn)
	}
	return splitADO(dsn)
}

// hasScheme tells a URL from settings, in whose values one may be.
func hasScheme(dsn string) bool {
	before, _, found := strings.Cut(dsn, "://")
	return found && !strings.ContainsAny(before, "=;")
}

// namesDriver tells the connection strings of ODBC itself, which have no prefix and always name a driver.
func namesDriver(lower string) bool {
	return slices.ContainsFunc(strings.Split(lower, ";"), func(part string) bool {
		name, _, ok := strings.Cut(part, "=")
		return ok && strings.TrimSpace(name) == "driver"
	})
}

func splitURL(dsn string) (all []setting, problem, cure string) {
	u, err := url.Parse(dsn)
	if err != nil { // it quotes what it could not read
		return nil, "is no valid URL", "escape special characters in user and password, @ as %40, / as %2F, # as %23, % as %25"
	}
	if u.Fragment != "" || strings.Contains(dsn, "#") {
		return nil, `contains a "#"`, "write it as %23"
	}
	host, port := u.Hostname(), u.Port()
	if strings.Contains(u.Path, "@") || strings.Contains(u.RawQuery, "@") || strings.Contains(host, "@") {
		return nil, `contains an "@" that may belong to the password or follow it`, "write every @ that is not the one before the host as %40, and a / or ? in a password as %2F or %3F"
	}
	instance := strings.TrimPrefix(u.Path, "/")
	if strings.Contains(instance, "/") {
		return nil, `contains a "/" after the instance`, "write a / in a name or password as %2F"
	}
	password, _ := u.User.Password()
	all = append(all, setting{"server", host}, setting{"instance", instance}, setting{"port", port}, setting{"user id", u.User.Username()}, setting{"password", password})
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, "has parameters that cannot be read", "write name=value, joined by &, and a % as %25"
	}
	for name, values := range query {
		for _, value := range values {
			all = append(all, setting{name, value})
		}
	}
	return all, "", ""
}

// splitADO reads name=value, separated by semicolons, with values in double quotes where they need it. What go-mssqldb
// and ADO.NET read in two ways is an error.
// https://learn.microsoft.com/dotnet/framework/data/adonet/connection-string-syntax
func splitADO(dsn string) (all []setting, problem, cure string) {
	for rest := dsn; strings.TrimSpace(rest) != ""; {
		before, after, _ := strings.Cut(rest, ";")
		if strings.TrimSpace(before) == "" {
			rest = after
			continue
		}
		name, value, found := strings.Cut(rest, "=")
		if !found || strings.Contains(name, ";") {
			return nil, fmt.Sprintf("has a setting without a value, which is number %d", len(all)+1), `write name=value, separated by semicolons, and a value that contains a ";" in double quotes`
		}
		trimmed := strings.TrimSpace(value)
		if quoted, ok := strings.CutPrefix(trimmed, `"`); ok {
			if value, rest, ok = cutQuoted(quoted, '"'); !ok {
				return nil, "has a value in double quotes that does not end where a setting ends", `double each " in it, and write a ; after it`
			}
		} else {
			value, rest, _ = strings.Cut(trimmed, ";")
			value = strings.TrimSpace(value)
			if strings.Contains(value, `"`) || strings.HasPrefix(value, "'") || strings.Contains(name, `"`) {
				return nil, "has a value with a quote in it, which ADO.NET and go-mssqldb read in two ways", `write it in double quotes, and each " in it twice`
			}
		}
		all = append(all, setting{strings.TrimSpace(name), value})
	}
	return all, "", ""
}

// cutQuoted cuts a value off at its closing quote, which is written twice inside it, and the semicolon after that.
func cutQuoted(text string, quote byte) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != quote {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		before, after, _ := strings.Cut(text[i+1:], ";")
		return b.String(), after, strings.TrimSpace(before) == ""
	}
	return "", "", false
}

// splitODBC reads name=value, separated by semicolons, with values in braces where they need it.
// https://learn.microsoft.com/openspecs/sql_server_protocols/ms-odbcstr
func splitODBC(dsn string) (all []setting, problem, cure string) {
	for rest := dsn; ; {
		if rest = strings.TrimLeftFunc(rest, isBetween); rest == "" {
			return all, "", ""
		}
		name, value, found := strings.Cut(rest, "=")
		if !found || strings.Contains(name, ";") || name == "" {
			return nil, fmt.Sprintf("has a setting without a value, which is number %d", len(all)+1), `write name=value, separated by semicolons, and a value that contains a ";" in braces`
		}
		braced, ok := strings.CutPrefix(strings.TrimSpace(value), "{")
		if !ok {
			value, rest, _ = strings.Cut(value, ";")
			value = strings.TrimSpace(value)
		} else if value, rest, ok = cutQuoted(braced, '}'); !ok {
			return nil, "has a value in braces that does not end where a setting ends", "double each } in it, and write a ; after it"
		}
		all = append(all, setting{strings.TrimSpace(name), value})
	}
}

func isBetween(c rune) bool { return c == ';' || unicode.IsSpace(c) }

// server reads host, host\instance, host,port, each behind tcp: or not.
// https://learn.microsoft.com/sql/connect/odbc/dsn-connection-string-attribute
func (r *reading) server(text string) (problem, cure string) {
	lower := strings.ToLower(text)
	protocol, _, hasProtocol := strings.Cut(lower, ":")
	if !hasProtocol {
		protocol = ""
	}
	switch {
	case strings.HasPrefix(lower, "(localdb)"):
		return "is LocalDB, which is reached by named pipes only", "use an instance with TCP/IP: SQL Server Express, or a container"
	case strings.HasPrefix(lower, `\\`) || protocol == "np":
		return "is a named pipe", "turn TCP/IP on in the SQL Server Configuration Manager, and write the host alone, or host,port"
	case protocol == "lpc" || protocol == "sm":
		return "is shared memory", "turn TCP/IP on in the SQL Server Configuration Manager, and write the host alone, or host,port"
	case protocol == "admin":
		return "asks for the dedicated administrator connection, of which a server has one", "use sqlcmd -A, or write the host and port 1434"
	case protocol == "tcp":
		text = text[len("tcp:"):]
	}
	text, port, hasPort := strings.Cut(text, ",")
	if hasPort {
		if problem, cure := r.port(strings.TrimSpace(port)); problem != "" {
			return problem, cure
		}
	}
	host, instance, hasInstance := strings.Cut(strings.TrimSpace(text), `\`)
	if hasInstance && instance != "" {
		if problem, cure := r.keep("instance", instance); problem != "" {
			return problem, cure
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	if host == "." || strings.EqualFold(host, "(local)") {
		host = "localhost"
	}
	r.at = "server"
	if name, port, ok := network.SplitHostPort(host); ok && port != 0 && name != host {
		return "has its port after a colon", "write server=host,port"
	}
	r.said.Host = host
	return "", ""
}
