package mysql

import (
	"cmp"
	"database/sql"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConnectionStringsOfTheWorld(t *testing.T) { tested.URLs(t, "../../testdata/urls.txt", 15) }

func TestLoginsByConnectionStringsOfTheWorld(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	status, reason := "information_schema.SESSION_STATUS", "Unknown system variable 'max_execution_time'"
	if s.IsMySQL() {
		status, reason = "performance_schema.session_status", "Unknown or incorrect time zone" // no zones are loaded
	}
	encrypted := "SELECT VARIABLE_VALUE <> '' FROM " + status + " WHERE VARIABLE_NAME = 'Ssl_cipher'"
	tested.LogIns(t, "../../testdata/urls.txt", s, encrypted, map[string]string{"max_execution_time=5000&time_zone=Europe/Zurich": reason})
}

// TestEveryWordOfTheDriver: the names are those in its source.
func TestEveryWordOfTheDriver(t *testing.T) {
	source := driverSource(t, "dsn.go")
	_, source, _ = strings.Cut(source, "func parseDSNParams(")
	names := regexp.MustCompile(`\tcase "(\w+)":`).FindAllStringSubmatch(source, -1)
	if len(names) < 20 {
		t.Fatalf("found %d names: look at how the driver has them now", len(names))
	}
	for _, name := range names {
		isWord := words.Find(name[1]) != nil
		isParam := slices.ContainsFunc(driverParams, func(p registry.Param) bool { return p.Name == name[1] })
		if !isWord && !isParam {
			t.Errorf("%s is not known", name[1])
		}
	}
}

func driverSource(t testing.TB, file string) string {
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/go-sql-driver/mysql").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), file))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"/", "mysql://127.0.0.1:3306"},
		{"", "mysql://127.0.0.1:3306"},
		{"u@unix/d", "mysql://u@%2Ftmp%2Fmysql.sock/d"},
		{"u@unix(/run/x.sock)/", "mysql://u@%2Frun%2Fx.sock"},
		{"u@tcp(db)/d", "mysql://u@db/d"},
		{"u@(db:7)/d%2Fe", "mysql://u@db:7/d%2Fe"},
		{"u@tcp([::1]:7)/d", "mysql://u@[::1]:7/d"},
		{"u@tcp(:7)/d", "mysql://u@:7/d"},
		{"u@tcp(db)/?tls=TRUE", "mysql://u@db?ssl=true"},
		{"u@tcp(db)/?tls=1", "mysql://u@db?ssl=true"},
		{"u@tcp(db)/?tls=Skip-Verify", "mysql://u@db?ssl.rejectUnauthorized=false"},
		{"u@tcp(db)/?tls=false", "mysql://u@db"},
		{"u@tcp(db)/?ssl-mode=REQUIRED", "mysql://u@db?ssl.rejectUnauthorized=false"},
		{"u@tcp(db)/?sslMode=verify_identity&tls=true", "mysql://u@db?ssl=true"},
		{"u@tcp(db)/?ssl_mode=4&ssl_ca=%2Fca", "mysql://u@db?ssl.verifyHostname=false&ssl.caFile=/ca"},
		{"u@tcp(db)/?ssl-mode=VERIFY_IDENTITY&ssl-ca=%2Fca&ssl-cert=%2Fc&ssl-key=%2Fk", "mysql://u@db?ssl.caFile=/ca&ssl.certFile=/c&ssl.keyFile=/k"},
		{"u@tcp(db)/?charset=utf8mb4,utf8&parseTime=True&checkConnLiveness=true&allowNativePasswords=1", "mysql://u@db"},
		{"u@tcp(db)/?timeout=5s&readTimeout=30s&writeTimeout=0", "mysql://u@db?connectTimeout=5s&readTimeout=30s"},
		{"u@tcp(db)/?interpolateParams=1&MultiStatements=TRUE&maxAllowedPacket=0", "mysql://u@db?interpolateParams=true&maxAllowedPacket=0&multiStatements=true"},
		{"u@tcp(db)/?connectionAttributes=program_name:x", "mysql://u@db?appName=x"},
		{"u@tcp(db)/?collation=utf8mb4_bin&sql_mode=%27ANSI%27&wait_timeout=7&tx_isolation=%22READ-COMMITTED%22", "mysql://u@db?session.collation=utf8mb4_bin&session.sql_mode=ANSI&session.transaction_isolation=READ-COMMITTED&session.wait_timeout=7"},
	} {
		cfg, err := Driver().(registry.Native).ParseDSN(c.text)
		if cfg.Session["time_zone"] != "default" || cfg.Params["loc"] != "UTC" {
			t.Errorf("%s does not have the time zone that it has with the driver: %v, %v", c.text, cfg, err)
		}
		delete(cfg.Session, "time_zone")
		delete(cfg.Params, "loc")
		if cfg.Dialect = "mysql"; err != nil || cfg.String() != c.want {
			t.Errorf("%s\nis  %v, %v\nnot %s", c.text, cfg, err, c.want)
		}
	}
}

func TestWordsThatAreRefused(t *testing.T) {
	for text, field := range map[string]string{
		"u:hunter2@tcp(db)": "dsn", "u:hunter2@tcp(db/d": "dsn", "u:p@hunter2(db)/d": "dsn", "u:p@unix(hunter2)/d": "dsn", "u@tcp(a,b)/d": "dsn", "u@tcp(/hunter2)/d": "dsn",
		"u@tcp(db:hunter2)/d": "dsn", "u@tcp(db:0)/d": "dsn", "u@/%hunter2": "dsn", "u@/?hunter2": "dsn", "u@/?loc=%hunter2": "dsn", "u@/?loc=hunter2/x": "dsn",
		"mysql://u:hunter2@h/d": "dsn", "jdbc:mysql://h/d?password=hunter2": "dsn", "u\x00:hunter2@/": "dsn",
		"/?tls=preferred": "tls", "/?tls=hunter2": "tls", "/?ssl-mode=PREFERRED": "ssl-mode", "/?sslmode=hunter2": "ssl-mode", "/?ssl_mode=2": "ssl-mode",
		"/?ssl-mode=VERIFY_CA": "ssl-mode", "/?ssl-ca=%2Fca": "ssl-mode", "/?tls=true&ssl-mode=REQUIRED": "ssl", "/?ssl=hunter2": "ssl", "/?sslaccept=hunter2": "sslaccept",
		"/?parseTime=false": "parseTime", "/?charset=latin1": "charset", "/?allowOldPasswords=true": "allowOldPasswords", "/?allowAllFiles=hunter2": "allowAllFiles",
		"/?allowFallbackToPlaintext=true": "allowFallbackToPlaintext", "/?serverPubKey=hunter2": "serverPubKey", "/?timeTruncate=1s": "timeTruncate",
		"/?strict=true": "strict", "/?connectionAttributes=hunter2:x": "connectionAttributes", "/?timeout=hunter2": "timeout", "/?readTimeout=hunter2": "readTimeout",
		"/?interpolateParams=hunter2": "interpolateParams", "/?init_command=hunter2": "init_command", "/?sql_mode=CONCAT(hunter2)": "sql_mode", "/?x=@@hunter2": "session",
		"/?x=%27hunter2": "session", "/?serverTimezone=hunter2": "serverTimezone", "u@tcp(db)/?socket=%2Fx": "socket", "/?readTimout=hunter2": "params.readTimout",
		"/?sslcert=hunter2": "sslcert", "/?hunter2-x=1": "a parameter", "/?sql_mode=a&SQL_MODE=hunter2": "sql_mode",
	} {
		cfg, err := Driver().(registry.Native).ParseDSN(text)
		wrong, ok := errors.AsType[*registry.ConfigError](err)
		if !ok || wrong.Field != field || wrong.Cure == "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, %v, want an error of %s with a cure and without the value", text, cfg, err, field)
		}
	}
}

func TestImportIsDoneOnce(t *testing.T) {
	native := Driver().(registry.Native)
	cfg := registry.Config{
		Host: "localhost", Port: 3306, AppName: "set", Session: map[string]string{"sql_mode": "set"},
		Params: map[string]string{
			"socket": "/run/x.sock", "connectionAttributes": "program_name:x", "sql_mode": "ANSI", "loc": "Local", "wait_timeout": "7",
			"password": "hunter2", "connection_limit": "3", "compress": "true",
		},
	}
	if err := native.Import(&cfg); err != nil {
		t.Fatal(err)
	}
	want := registry.Config{
		Host: "/run/x.sock", AppName: "set", Password: registry.NewSecret("hunter2"), Pool: registry.Pool{Max: 3},
		Session: map[string]string{"sql_mode": "set", "wait_timeout": "7", "time_zone": "default"},
		Params:  map[string]string{"loc": "Local", "compress": "true"},
	}
	if !cfg.Equal(want) {
		t.Errorf("got %v, want %v", cfg, want)
	}
	if err := native.Import(&cfg); err != nil || !cfg.Equal(want) {
		t.Errorf("the second time it is %v, %v", cfg, err)
	}
	two := registry.Config{Host: "db", Params: map[string]string{"socket": "/run/x.sock"}}
	if err := native.Import(&two); err == nil {
		t.Errorf("a socket beside a host is %v", two)
	}
}

// TestNoSettingIsTakenForAWord: what the server has may be written in a URL.
func TestNoSettingIsTakenForAWord(t *testing.T) {
	s := testserver.MariaDB(t)
	query := "SELECT VARIABLE_NAME FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_SCOPE LIKE 'SESSION%' AND READ_ONLY = 'NO'"
	if s.IsMySQL() {
		query = "SELECT UPPER(VARIABLE_NAME) FROM performance_schema.variables_metadata WHERE VARIABLE_SCOPE LIKE 'SESSION%'"
	}
	rows, err := pool(t, s.Config(), registry.Env{}).QueryContext(limit(t), query)
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
		if strings.Contains("SQL_MODE TIME_ZONE WAIT_TIMEOUT", name) {
			isWord = false // one whose value is a setting
		}
		if name == "MAX_ALLOWED_PACKET" {
			continue // which a session cannot set
		}
		if ours := strings.HasPrefix(name, "CHARACTER_SET_") && strings.Contains("CLIENT CONNECTION RESULTS", name[len("CHARACTER_SET_"):]); ours != isWord || !isWord && (err != nil || len(cfg.Session) != 1) {
			t.Errorf("%s becomes %v, %v", name, cfg, err)
		}
	}
	if err := rows.Err(); err != nil || n < 100 {
		t.Errorf("%d settings, %v", n, err)
	}
}

// TestLoginByConnectionString: real logins, by the strings as they are.
func TestLoginByConnectionString(t *testing.T) {
	s := testserver.MariaDB(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(s.CA.PEM), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := s.Config()
	login := cfg.User + ":" + cfg.Password.Reveal() + "@"
	tcp := login + "tcp(127.0.0.1:" + strconv.Itoa(cfg.Port) + ")/" + cfg.Database
	encrypted := "SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'"
	settings := []string{"max_statement_time=77", "@@max_statement_time, @@tx_isolation", "77.000000READ-COMMITTED"}
	if s.IsMySQL() {
		encrypted = strings.Replace(encrypted, "information_schema.SESSION_STATUS", "performance_schema.session_status", 1)
		settings = []string{"max_execution_time=77", "@@max_execution_time, @@transaction_isolation", "77READ-COMMITTED"}
	}
	for _, c := range []struct{ text, query, want string }{
		{tcp, encrypted, "0"},
		{tcp + "?tls=skip-verify", encrypted, "1"},
		{tcp + "?ssl-mode=VERIFY_CA&ssl-ca=" + strings.ReplaceAll(ca, "/", "%2F"), encrypted, "1"},
		{tcp + "?ssl-mode=VERIFY_IDENTITY&ssl-ca=" + strings.ReplaceAll(ca, "/", "%2F"), encrypted, "1"},
		{login + "unix(" + s.Socket + ")/" + cfg.Database, "SELECT 'there'", "there"},
		{tcp, "SELECT @@session.time_zone = @@global.time_zone", "1"},
		{tcp + "?charset=utf8&parseTime=True&loc=Local", "SELECT @@character_set_client", "utf8mb4"},
		{tcp + "?sql_mode=%27ANSI_QUOTES%27&" + settings[0] + "&transaction_isolation=%27READ-COMMITTED%27", "SELECT CONCAT(@@sql_mode, " + settings[1] + ")", "ANSI_QUOTES" + settings[2]},
		{tcp + "?time_zone=%27%2B02%3A00%27", "SELECT @@time_zone", "+02:00"},
		{tcp + "?collation=utf8mb4_bin", "SELECT @@collation_connection", "utf8mb4_bin"},
	} {
		parsed, err := Driver().(registry.Native).ParseDSN(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if parsed.TLS != nil && parsed.TLS.CAFile != "" {
			parsed.TLS.CA, parsed.TLS.CAFile = s.CA.PEM, ""
		}
		parsed.Dialect = "mysql"
		var got string
		if err := pool(t, parsed, registry.Env{}).QueryRowContext(limit(t), c.query).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}

// TestTimesAreThoseOfTheDriver: a program that comes with its DSN reads what it wrote before.
func TestTimesAreThoseOfTheDriver(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"default-time-zone": "+05:30"}})
	cfg := s.Config()
	run(t, s, "CREATE TABLE moved (d DATETIME, t TIMESTAMP)")
	for _, query := range []string{"", "&loc=Asia%2FTokyo", "&loc=Local", "&loc=America%2FNew_York&time_zone=%27%2B01:00%27"} {
		dsn := cfg.User + ":" + cfg.Password.Reveal() + "@tcp(127.0.0.1:" + strconv.Itoa(cfg.Port) + ")/" + cfg.Database + "?parseTime=true" + query
		theirs, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		parsed, err := Driver().(registry.Native).ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		parsed.Dialect = "mysql"
		ours := pool(t, parsed, registry.Env{})
		when := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
		for _, writer := range []*sql.DB{theirs, ours} {
			run(t, s, "DELETE FROM moved")
			if _, err := writer.ExecContext(limit(t), "INSERT INTO moved VALUES (?, ?)", when, when); err != nil {
				t.Fatal(err)
			}
			var got [2][3]time.Time
			for i, reader := range []*sql.DB{theirs, ours} {
				if err := reader.QueryRowContext(limit(t), "SELECT d, t, NOW() FROM moved").Scan(&got[i][0], &got[i][1], &got[i][2]); err != nil {
					t.Fatal(err)
				}
			}
			if !got[0][0].Equal(got[1][0]) || !got[0][1].Equal(got[1][1]) || got[0][2].Sub(got[1][2]).Abs() > time.Minute || got[0][0].Location().String() != got[1][0].Location().String() {
				t.Errorf("%s: the driver reads %v, Patchbay %v", query, got[0], got[1])
			}
		}
	}
}

// TestTextsHoldUnderEverySQLMode: what a value says does not depend on what the server reads in a text.
func TestTextsHoldUnderEverySQLMode(t *testing.T) {
	for _, mode := range []string{"", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT"} {
		s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"sql-mode": mode, "character-set-server": "latin1"}})
		for _, value := range []string{`a\`, `a'b`, `\' , @@SESSION.wait_timeout = 5 -- `, "ü", `"`, `a\nb`, ""} {
			var got string
			var wait int
			setting := "default_master_connection"
			if s.IsMySQL() {
				setting = "session_track_system_variables"
			}
			db := pool(t, withSession(s.Config(), setting, value), registry.Env{})
			if err := db.QueryRowContext(limit(t), "SELECT @@"+setting+", @@wait_timeout").Scan(&got, &wait); err != nil || got != value || wait == 5 {
				t.Errorf("%s: %q is %q, %v", mode, value, got, err)
			}
		}
	}
}

func TestSettingsThatTheServerDoesNotTake(t *testing.T) {
	cfg := testserver.MariaDB(t).Config()
	for name, value := range map[string]string{"no_such_setting": "1", "wait_timeout": "long", "autocommit": "maybe", "max_connections": "9", "version": "x", "sql_mode": "NO_SUCH"} {
		err := try(t, withSession(cfg, name, value))
		check(t, err, registry.KindConfig, "session")
		if err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

const mark = "hunter2hunter2"

// A socket among the params beside a host of the config is refused, whatever a param names as the host.
func TestASocketBesideAHost(t *testing.T) {
	for _, host := range []string{"", "localhost", "/run/s"} {
		cfg := registry.Config{Dialect: "mysql", Host: "db", Params: map[string]string{"socket": "/run/s"}}
		if host != "" {
			cfg.Params["host"] = host
		}
		if err := Driver().(registry.Native).Import(&cfg); err == nil || !strings.Contains(err.Error(), "socket is given beside a host") {
			t.Errorf("with the param %q: %v, %v", host, cfg, err)
		}
	}
}

// FuzzDSN: what the driver and Patchbay both accept names the same, and wherever a password ends up, no error shows it.
func FuzzDSN(f *testing.F) {
	text, err := os.ReadFile("../../testdata/urls.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for _, kind := range []string{"url mysql://", "dsn "} {
			if row, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), kind); ok {
				f.Add(row, len(row)/2)
			}
		}
	}
	f.Add("u:p@/w@tcp([::1]:7)/d?tls=true&x=%27a%27", 3)
	f.Add("@unix(/x)/", 0)
	native := Driver().(registry.Native)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = min(max(at, 0), len(text))
		marked := text[:at] + mark + text[at:]
		if _, err := native.ParseDSN(marked); err != nil && strings.Contains(strings.ToLower(err.Error()), mark) {
			t.Errorf("%q: the password is in %v", marked, err)
		}
		query := strings.LastIndexByte(text, '?') // after which an error may name a key
		if _, err := registry.ParseURL("mysql://" + marked); err != nil && (query < 0 || at < query) && strings.Contains(strings.ToLower(err.Error()), mark) {
			t.Errorf("%q after the scheme: the password is in %v", marked, err)
		}
		cfg, err := native.ParseDSN(text)
		if cfg.Dialect = "mysql"; err != nil || cfg.Validate() != nil {
			return
		}
		theirs, err := mysql.ParseDSN(text)
		if err != nil {
			return
		}
		for name := range theirs.Params {
			if word := words.Find(name); word != nil && (strings.HasPrefix(word.Here, "ssl") || slices.Contains([]string{"host", "port", "user", "password", "database"}, word.Here)) {
				return // words of other clients, which the driver sends to the server
			}
		}
		kind, address := network.Address(&cfg, defaultPort)
		if host, port, err := net.SplitHostPort(theirs.Addr); err == nil { // the driver leaves it as it is written
			n, _ := strconv.Atoi(port) // which it is here
			theirs.Addr = net.JoinHostPort(cmp.Or(host, network.DefaultHost), strconv.Itoa(n))
		}
		if kind != theirs.Net || address != theirs.Addr && !strings.HasPrefix(theirs.Addr, "[[") { // brackets without a port, which the driver cannot dial
			t.Errorf("%q: got %s %s, the driver has %s %s", text, kind, address, theirs.Net, theirs.Addr)
		}
		if cfg.User != theirs.User || cfg.Password.Reveal() != theirs.Passwd || cfg.Database != theirs.DBName {
			t.Errorf("%q: got %v with password %q; the driver has user %q, password %q, database %q", text, cfg, cfg.Password.Reveal(), theirs.User, theirs.Passwd, theirs.DBName)
		}
		if (cfg.TLS != nil) != (theirs.TLS != nil) || cfg.TLS != nil && cfg.TLS.SkipVerify != theirs.TLS.InsecureSkipVerify {
			t.Errorf("%q: TLS is %v; the driver has %v", text, cfg.TLS, theirs.TLS)
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
}
