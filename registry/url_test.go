package registry_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

func TestParseURL(t *testing.T) {
	secret := registry.NewSecret
	for text, want := range map[string]registry.Config{
		"postgres://u:p@h:5433/d":           {Dialect: "postgres", User: "u", Password: secret("p"), Host: "h", Port: 5433, Database: "d"},
		"POSTGRES://h":                      {Dialect: "postgres", Host: "h"},
		"postgres://h/":                     {Dialect: "postgres", Host: "h"},
		"postgres://":                       {Dialect: "postgres"},
		"pg://h":                            {Dialect: "pg", Host: "h"},
		"mysql://u%3Aa:b%3Ac%40%2F@h/d%2Fe": {Dialect: "mysql", User: "u:a", Password: secret("b:c@/"), Host: "h", Database: "d/e"},
		"mysql://u:a:b@h":                   {Dialect: "mysql", User: "u", Password: secret("a:b"), Host: "h"},
		"mysql://u:a+b%20c@h/a+b":           {Dialect: "mysql", User: "u", Password: secret("a+b c"), Host: "h", Database: "a+b"},
		"postgres://[::1]:5432/d":           {Dialect: "postgres", Host: "::1", Port: 5432, Database: "d"},
		"postgres://u:p@a,b:5433,[::1]:7,[::2],%2Frun%2Fx/d?port=6&hostOrder=random&role=WRITER": {
			Dialect: "postgres", User: "u", Password: secret("p"), Database: "d", Port: 6, Hosts: []string{"a", "b:5433", "[::1]:7", "[::2]", "/run/x"},
			HostOrder: registry.HostsRandom, Role: registry.RoleWriter,
		},
		"x://?hosts=a,::1&readers.hosts=b,c&readers.user=r&readers.password=p&readers.session.s=1&readers.p=2&readers.ssl.serverName=n": {
			Dialect: "x", Hosts: []string{"a", "::1"}, Readers: &registry.Config{
				Hosts: []string{"b", "c"}, User: "r", Password: secret("p"), TLS: &registry.TLS{ServerName: "n"},
				Session: map[string]string{"s": "1"}, Params: map[string]string{"p": "2"},
			},
		},
		"x://a?readers=true&readers.ssl=false":     {Dialect: "x", Host: "a", Readers: &registry.Config{}},
		"sqlite:a.db?readers=true":                 {Dialect: "sqlite", Filename: "a.db", Readers: &registry.Config{}},
		"postgres://u@[::1]":                       {Dialect: "postgres", User: "u", Host: "::1"},
		"postgres://[fe80::1%25eth0]/d":            {Dialect: "postgres", Host: "fe80::1%eth0", Database: "d"},
		"postgres://%2Fvar%2Frun%2Fpostgresql/d":   {Dialect: "postgres", Host: "/var/run/postgresql", Database: "d"},
		"postgres://%2Frun%2Fa%3Ab:5433/d":         {Dialect: "postgres", Host: "/run/a:b", Port: 5433, Database: "d"},
		"postgres://%2Frun%2Fa%3Ab,h/d":            {Dialect: "postgres", Hosts: []string{"/run/a:b", "h"}, Database: "d"},
		"postgres://u@/d?host=/var/run/postgresql": {Dialect: "postgres", User: "u", Host: "/var/run/postgresql", Database: "d"},
		"mysql://u:p@/d?host=%2Frun%2Fmysqld.sock": {Dialect: "mysql", User: "u", Password: secret("p"), Host: "/run/mysqld.sock", Database: "d"},
		"sqlserver://u:p@h:1433?database=d":        {Dialect: "sqlserver", User: "u", Password: secret("p"), Host: "h", Port: 1433, Database: "d"},
		"sqlserver://h/i/?database=d":              {Dialect: "sqlserver", Host: "h", Database: "d", Params: map[string]string{"instance": "i"}},
		"mssql://h/i?database=d":                   {Dialect: "mssql", Host: "h", Database: "d", Params: map[string]string{"instance": "i"}},
		"mssql://h/d?instance=i&encrypt=true":      {Dialect: "mssql", Host: "h", Database: "d", Params: map[string]string{"instance": "i", "encrypt": "true"}},
		"sqlite:a.db?_pragma=a(1)&_pragma=b(2)":    {Dialect: "sqlite", Filename: "a.db", Params: map[string]string{"_pragma": "a(1);b(2)"}},
		"sqlite:a.db":                              {Dialect: "sqlite", Filename: "a.db"},
		"sqlite:./a/b.db":                          {Dialect: "sqlite", Filename: "./a/b.db"},
		"sqlite:/a/b.db":                           {Dialect: "sqlite", Filename: "/a/b.db"},
		"sqlite:///a/b.db":                         {Dialect: "sqlite", Filename: "/a/b.db"},
		"sqlite::memory:":                          {Dialect: "sqlite", Filename: ":memory:"},
		"sqlite:///:memory:":                       {Dialect: "sqlite", Filename: ":memory:"}, // as several frameworks write it
		"sqlite://:memory:":                        {Dialect: "sqlite", Filename: ":memory:"},
		"postgres://h/d?":                          {Dialect: "postgres", Host: "h", Database: "d"}, // E11
		"postgres://h/d/":                          {Dialect: "postgres", Host: "h", Database: "d"},
		"x://h?ssl=TRUE":                           {Dialect: "x", Host: "h", TLS: &registry.TLS{}},
		"x://h/a%3Bb":                              {Dialect: "x", Host: "h", Database: "a;b"},
		"x://h?session.work_mem=64MB&retry.for=1m&retry.kinds=auth,no%20database&lazy=true&credentials.provider=p&credentials.a=b": {
			Dialect: "x", Host: "h", Session: map[string]string{"work_mem": "64MB"}, Lazy: true,
			Retry:       registry.Retry{For: time.Minute, Kinds: []registry.Kind{registry.KindAuth, registry.KindNoDatabase}},
			Credentials: registry.Credentials{Provider: "p", Options: map[string]string{"a": "b"}},
		},
		"x://h?ssl.verifyHostname=false&ssl.ca=-----BEGIN%20CERTIFICATE-----": {
			Dialect: "x", Host: "h", TLS: &registry.TLS{SkipHostname: true, CA: "-----BEGIN CERTIFICATE-----"},
		},
		"sqlite:a%3Fb%23c%2520.db":           {Dialect: "sqlite", Filename: "a?b#c%20.db"},
		"sqlite:a@b.db?mode=ro":              {Dialect: "sqlite", Filename: "a@b.db", Params: map[string]string{"mode": "ro"}},
		"sqlite:///a@b.db":                   {Dialect: "sqlite", Filename: "/a@b.db"},
		"sqlite:C:/dir/x.db":                 {Dialect: "sqlite", Filename: "C:/dir/x.db"},
		"sqlite:grüße.db":                    {Dialect: "sqlite", Filename: "grüße.db"},
		"oracle://h/d":                       {Dialect: "oracle", Host: "h", Database: "d"},
		"x://h?ssl=true":                     {Dialect: "x", Host: "h", TLS: &registry.TLS{}},
		"x://h?ssl=false":                    {Dialect: "x", Host: "h"},
		"x://h?ssl=true&ssl.serverName=s":    {Dialect: "x", Host: "h", TLS: &registry.TLS{ServerName: "s"}},
		"x://h?ssl.rejectUnauthorized=false": {Dialect: "x", Host: "h", TLS: &registry.TLS{SkipVerify: true}},
		"x://h?pool.min=1&pool.max=20&pool.maxLifetime=1h&pool.maxIdleTime=-1s&connectTimeout=5s&appName=a%26b&other=%3D": {
			Dialect: "x", Host: "h", Pool: registry.Pool{Min: 1, Max: 20, MaxLifetime: time.Hour, MaxIdleTime: -time.Second},
			ConnectTimeout: 5 * time.Second, AppName: "a&b", Params: map[string]string{"other": "="},
		},
	} {
		got, err := registry.ParseURL(text)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s\n gives %v, %v\n want %v", text, got, err, want)
		}
	}
}

func TestADoubtfulURLIsAnErrorThatShowsNothingOfIt(t *testing.T) {
	for text, want := range map[string]string{
		"":                                            "does not start with a dialect",
		"hunter2":                                     "does not start with a dialect",
		"u:hunter2@h/d":                               "does not start with a dialect that is known here",
		"postgres:hunter2@h/d":                        "has no // after the dialect: write postgres://",
		"postgres://u:1234/hunter2@h/d":               `contains an "@" that may belong to the password`,
		"postgres://u:hunter2/x@h/d":                  `contains an "@" that may belong to the password`,
		"postgres://u:hunt@er2@h/d":                   `contains an "@" that may belong to the password`,
		"postgres://u:p?hunter2@h/d":                  `contains an "@" that may belong to the password`,
		"postgres:///hunter2@h/d":                     `contains an "@" that may belong to the password`,
		"postgres://u:p#hunter2@h/d":                  `contains a "#"`,
		"postgres://u:hunter2%zz@h/d":                 "has a % that is not followed by two hexadecimal digits",
		"postgres://u:hunter2 x@h/d":                  "contains a space or control character",
		"postgres://u:hunter2\x00@h/d":                "contains a space or control character",
		"postgres://u:[redacted]@h/d":                 "has the password [redacted]",
		"postgres://hunter2:hunter2:5/d":              "has more than one colon",
		"postgres://h:hunter2/d":                      "has a port that is not a number from 1 to 65535",
		"postgres://h:/d":                             "has a port that is not a number",
		"postgres://h:0/d":                            "has a port that is not a number",
		"postgres://h:+1/d":                           "has a port that is not a number",
		"postgres://h:65536/d":                        "port that is not a number from 1 to 65535",
		"postgres://::1/d":                            "has more than one colon",
		"postgres://[::1/d":                           "has brackets without an IPv6 address",
		"postgres://[hunter2]/d":                      "has brackets without an IPv6 address",
		"postgres://[::1]x/d":                         "continues after the brackets",
		"postgres://h1,h%20hunter2/d":                 "hosts (number 2) contains a character not allowed in a host name",
		"postgres://h1,/d":                            "hosts (number 2) is empty",
		"postgres://h1,h2:hunter2/d":                  "has a port that is not a number",
		"postgres://h1:1,h1:1/d":                      "hosts (number 2) is in the list already",
		"postgres://h1,h2/d?host=h3":                  "hosts is given beside host: keep one of them",
		"postgres://h1,h2/d?hosts=h3":                 "hosts is given both as a parameter and before the ?",
		"postgres://h/d?role=hunter2":                 "role must be one of any, writer, reader, preferReader; a role of the database to act as is session.role=x",
		"postgres://h/d?hostOrder=hunter2":            "hostOrder must be one of listed, random",
		"postgres://h/d?readers=hunter2":              "readers must be true or false",
		"postgres://h/d?readers=false&readers.host=x": "readers contradicts the parameters that start with readers.",
		"postgres://h/d?readers.readers.host=x":       "readers.readers is set: leave it out",
		"postgres://h/d?readers.pool.size=1":          "key readers.pool.size is not known: use one of min, max",
		"postgres://h/d?readers.dialect=mysql":        "readers.dialect is another dialect",
		"postgres://h/d?readers.hosts=a,a":            "readers.hosts (number 2) is in the list already",
		"postgres://h/d?readers.ssl=hunter2":          "readers.ssl must be true or false",
		"postgres://h%40i/d":                          "host contains a character not allowed in a host name",
		"postgres://h%5D/d":                           "host contains a character not allowed in a host name",
		"postgres://h/d/e":                            `contains a "/" after the database`,
		"app:hunter2@tcp(127.0.0.1:3306)/db":          "is a DSN of go-sql-driver/mysql: write it as mysql://", // E3
		"mysql://app:hunter2@tcp(127.0.0.1)/db":       "is a DSN of go-sql-driver/mysql",
		"sqlserver://h/db;user=sa;password=hunter2":   `contains a ";", as the connection strings of SQL Server do`,
		"sqlserver://h;password=hunter2/db":           `contains a ";", as the connection strings of SQL Server do`,
		`"postgres://u:hunter2@h/d"`:                  "is in quotes: leave them out", // E11
		"'postgres://u:hunter2@h/d'":                  "is in quotes: leave them out",
		"sqlite:":                                     "names no file: write sqlite:file, or sqlite::memory:", // E10
		"sqlite://":                                   "names no file",
		"sqlite:///./test.db":                         "has a path from the root that looks relative: write sqlite:./file",
		"sqlite:/../test.db":                          "has a path from the root that looks relative",
		"postgres://h/d?mode=[redacted]":              "mode is [redacted], which a program has printed", // E4
		"postgres://h/d?a":                            "has a parameter without a name or value",
		"postgres://h/d?a=1&&b=2":                     "has a parameter without a name or value",
		"postgres://h/d?a=1&a=hunter2":                "a is given twice",
		"postgres://h/d?a=1?b=2":                      `contains a second "?"`,
		"postgres://h/d?host=/hunter2":                "host is given both",
		"sqlserver://h/d":                             "has a path, which is an instance to go-mssqldb, and a database to others: write sqlserver://host?database=name",
		"mssql://h/i?database=d&instance=j":           "instance is given both",
		"file:./dev.db":                               "starts with \"file\", which is no dialect: write sqlite: in place of file:",
		"jdbc:sqlserver://h":                          "is one of JDBC: write what follows jdbc: as mssql://",
		"mssql+pyodbc://u:p@h/d?driver=x":             "names a driver of another language after the +: write mssql://",
		"libsql://x.turso.io":                         "libSQL is no file of SQLite",
		"postgres://h/d?password=hunter2":             "password is not a parameter here: write it before the host",
		"postgresql+psycopg2://h/d":                   "after the +: write postgresql://",
		"jdbc:postgresql://h/d":                       "leave out the jdbc:",
		"postgres://h/d?ssl=maybe":                    "ssl must be true or false",
		"postgres://h/d?ssl=":                         "ssl must be true or false",
		"postgres://h/d?ssl=false&ssl.serverName=x":   "ssl contradicts",
		"postgres://h/d?ssl.ca=/etc/ca.pem":           "ssl.ca is not PEM text",
		"postgres://h/d?pool.size=1":                  `key pool.size is not known`,
		"postgres://h,%2Frun:5433/d":                  "has a port after a unix socket in a list of hosts: write it as port=, for all of them",
		"postgres://h/d?pool.max=hunter2":             "pool.max must be an integer",
		"postgres://h/d?connectTimeout=5":             "connectTimeout must be a duration",
		"postgres://h/d?pool.min=3&pool.max=2":        "pool.min is 3",
		"sqlite://a.db":                               "names a host, but sqlite opens files: write sqlite:relative/file",
		"sqlite:a%00.db":                              "filename contains a NUL character",
	} {
		cfg, err := registry.ParseURL(text)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n gives %v, %v\n want %s", text, cfg, err, want)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s is shown in the error: %v", text, err)
		}
		if !cfg.Equal(registry.Config{}) {
			t.Errorf("%s gives a config beside the error", text)
		}
	}
}

func TestConfigToURL(t *testing.T) {
	for want, cfg := range map[string]registry.Config{
		"postgres://u%3A:[redacted]@[::1]:5432/d%2Fe?pool.max=3&ssl.rejectUnauthorized=false&connectTimeout=5s&search_path=a%26b": {
			Dialect: "postgres", User: "u:", Password: registry.NewSecret(hidden), Host: "::1", Port: 5432, Database: "d/e",
			Pool: registry.Pool{Max: 3}, TLS: &registry.TLS{SkipVerify: true}, ConnectTimeout: 5 * time.Second,
			Params: map[string]string{"search_path": "a&b"},
		},
		"postgres://%2Frun/d?ssl=true&token=[redacted]": {
			Dialect: "postgres", Host: "/run", Database: "d", TLS: &registry.TLS{}, Params: map[string]string{"token": hidden},
		},
		"postgres://%2Frun%2Fa%3Ab:5433/d": {Dialect: "postgres", Host: "/run/a:b", Port: 5433, Database: "d"},
		"postgres://%2Frun%2Fa%3Ab,h/d":    {Dialect: "postgres", Hosts: []string{"/run/a:b", "h"}, Database: "d"},
		"postgres://:[redacted]@?ssl.ca=[redacted]&ssl.key=[redacted]": {
			Dialect: "postgres", Password: registry.NewSecret("x"),
			TLS: &registry.TLS{CA: "-----BEGIN PRIVATE KEY-----" + hidden, Key: registry.NewSecret(hidden)},
		},
		"postgres://u@a,b:5433,[::1]:7/d?port=6&role=preferReader&readers.host=r&readers.user=reader&readers.password=[redacted]": {
			Dialect: "postgres", User: "u", Database: "d", Port: 6, Hosts: []string{"a", "b:5433", "[::1]:7"}, Role: registry.RolePreferReader,
			Readers: &registry.Config{Host: "r", User: "reader", Password: registry.NewSecret(hidden)},
		},
		"x://?hosts=a:1":                       {Dialect: "x", Hosts: []string{"a:1"}},
		"x://?hosts=a,::1":                     {Dialect: "x", Hosts: []string{"a", "::1"}},
		"x://?hosts=a,[redacted]&readers=true": {Dialect: "x", Hosts: []string{"a", "postgres://u:" + hidden + "@h"}, Readers: &registry.Config{}},
		"sqlite::memory:":                      {Dialect: "sqlite", Database: ":memory:"},
		"sqlite:/a%3Fb%23c%2520.db":            {Dialect: "sqlite", Filename: "/a?b#c%20.db"},
		"sqlite:/%2Fserver/share":              {Dialect: "sqlite", Filename: "//server/share"},
		"sqlite:a.db?database=ignored":         {Dialect: "sqlite", Filename: "a.db", Database: "ignored"},
		"sqlite://h":                           {Dialect: "sqlite", Host: "h"},
		"://":                                  {},
	} {
		if got := cfg.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// FuzzURL: no URL crashes the parser or leads to another host than the standard library finds, no error shows
// the password, and a config without secrets is written as a URL that says the same.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{
		"postgres://u:p@h:5432/d?ssl=true", "postgres://u:1234/ss@h/d", "mysql://[::1]/d?pool.max=3", "sqlite::memory:",
		"sqlite:a%3Fb%23c%2520.db", "sqlite:////a", "postgres://%2Frun/d", "x:?a=b", "x://?host=:", "postgres://h/d?params.x=y",
		"postgres://u%00@h", "a:%", "sqlite:/%2E/a", "sqlite:/.%2e/", "x://h?ssl.ca=-----BEGIN%20X-----&ssl.rejectUnauthorized=true", "pg://h/?filename=a%20b",
		"sqlserver://h/i?database=d", "sqlserver://?database=d", "mssql://h/d?instance=i",
		"postgres://u@a,b:1,[::1]:2/d?port=3&role=writer&hostOrder=random", "x://?hosts=a&readers=true", "x://h?readers.host=i&readers.ssl=true&readers.a=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := registry.ParseURL(text)
		if err != nil {
			return
		}
		if std, err := url.Parse(text); err == nil && std.Hostname() != "" && cfg.Host != std.Hostname() && len(cfg.Hosts) == 0 {
			t.Fatalf("%q: the host is %q, and the standard library finds %q", text, cfg.Host, std.Hostname())
		}
		if strings.Contains(cfg.String(), "[redacted]") {
			return
		}
		if info, _ := registry.Describe(cfg.Dialect); info.Dialect == "sqlite" && cfg.Filename == "" {
			cfg.Filename, cfg.Database = cfg.Database, "" // which mean the same
		}
		again, err := registry.ParseURL(cfg.String())
		if err != nil || !again.Equal(cfg) {
			t.Fatalf("%q is written as %s and read as %v, %v", text, cfg, again, err)
		}
	})
}

// FuzzURLSecret: a password, escaped as it should be or not at all, is read right or refused without being shown.
func FuzzURLSecret(f *testing.F) {
	for _, seed := range []string{"p", "a/b", "a@b", "a?b", "a#b", "a%zz", "a:b", "[redacted]", "1234/ss", "ü ", "%41"} {
		f.Add(seed)
	}
	const mark = "hunter2hunter2"
	f.Fuzz(func(t *testing.T, part string) {
		password := mark + part
		text := "postgres://u:" + strings.ReplaceAll(url.QueryEscape(password), "+", "%20") + "@h/d"
		cfg, err := registry.ParseURL(text)
		refused := strings.Contains(password, "\x00") || strings.HasSuffix(password, "\n")
		if refused != (err != nil) && err != nil || err == nil && (cfg.Password.Reveal() != password || cfg.Host != "h") {
			t.Fatalf("%q: %q at %q, %v", text, cfg.Password.Reveal(), cfg.Host, err)
		}
		cfg, err = registry.ParseURL("postgres://u:" + password + "@h/d")
		if err != nil && strings.Contains(err.Error(), mark) || strings.Contains(cfg.String(), mark) {
			t.Fatalf("the password %q is shown: %v, %v", password, cfg, err)
		}
		if err == nil && cfg.Host != "h" {
			t.Fatalf("the password %q leads to the host %q", password, cfg.Host)
		}
	})
}
