//go:build alldrivers || (postgres && mysql)

package conn_test

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

// naming is what a dialect's names can be, and how to make users of them.
type naming struct {
	fit    func(name string) string // to what the dialect takes
	create string                   // a user
	who    string
}

var namings = map[string]naming{
	// https://www.postgresql.org/docs/current/sql-syntax-lexical.html: longer names are cut, at login too.
	"postgres": {
		func(name string) string { return cut(name, 63) },
		"CREATE ROLE «name» LOGIN PASSWORD «password»",
		"SELECT session_user, current_database()",
	},
	// https://mariadb.com/kb/en/identifier-names/: no characters beyond U+FFFF, no spaces at the end.
	"mysql": {
		func(name string) string {
			name = strings.TrimRight(cut(name, 64), " ")
			if strings.HasPrefix(name, "'") && strings.HasSuffix(name, "'") {
				return "" // the server takes the quotes of a user off
			}
			return name
		},
		"CREATE USER «user» IDENTIFIED BY «password»; GRANT ALL ON *.* TO «user»",
		"SELECT SUBSTRING(USER(), 1, CHAR_LENGTH(USER()) - LOCATE('@', REVERSE(USER()))), DATABASE()",
	},
}

// cut returns a name of at most so many bytes.
func cut(name string, most int) string {
	for len(name) > most {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	return name
}

// odd makes texts of what has a meaning in URLs, DSNs, SQL, shells and elsewhere.
type odd struct{ *rand.Rand }

var (
	inNames = []string{
		`'`, `''`, `"`, `""`, `\`, `\\`, "`", ":", "@", "/", "//", "?", "#", "%", "%41", "%zz", ";", "&", "=", "+", " ", ",", ".", "..",
		"(", ")", "[", "]", "{", "}", "<", ">", "|", "$", "$1", "${HOME}", "~", "^", "*", "!", "-", "--", "_", "tcp(h:1)", "host=",
		"a", "B", "7", "null", "true", "ü", "ß", "é", "用户", "Ωμέγα", "sslmode=disable ", strings.Repeat("x", 100),
	}
	// Not among them is what SASLprep (RFC 4013) replaces by something else, such as ª by a: PostgreSQL does that with
	// passwords, and pgx does not.
	inPasswords = append([]string{"\t", "\n", "\u00a0", "😀", "e\u0301"}, inNames...)
)

func (o odd) text(parts []string) string {
	var b strings.Builder
	for range 1 + o.IntN(8) {
		b.WriteString(parts[o.IntN(len(parts))])
	}
	return b.String()
}

func TestOddUsersPasswordsAndDatabasesLogIn(t *testing.T) {
	const logins, core = 150, "pw-4c1e-odd"
	secrets.Add(core)
	onEach(t, func(t *testing.T, dialect string) {
		that, o := namings[dialect], odd{rand.New(rand.NewPCG(5, 3))}
		s := starters[dialect](t, testserver.Options{})
		syntax, admin := testuser.SyntaxOf(s), testuser.Admin(t, s)
		admin.SetMaxIdleConns(1)
		run := func(format, name, password string) {
			for statement := range strings.SplitSeq(format, "; ") {
				statement = strings.NewReplacer("«name»", syntax.Name(name), "«user»", syntax.Text(name), "«password»", syntax.Text(password)).Replace(statement)
				if _, err := admin.ExecContext(limit(t), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
		}
		used := map[string]bool{"": true}
		fresh := func() string {
			for {
				if name := that.fit(o.text(inNames)); !used[strings.ToLower(name)] {
					used[strings.ToLower(name)] = true
					return name
				}
			}
		}
		for n := range logins {
			cfg := as(s.Config(), fresh(), o.text(inPasswords)+core)
			cfg.Database = fresh()
			run("CREATE DATABASE «name»", cfg.Database, "")
			run(that.create, cfg.User, cfg.Password.Reveal())
			if n%2 == 0 {
				cfg = parsed(t, cfg)
			}
			c, _, err := trial(limit(t), t, cfg)
			if err != nil {
				t.Errorf("%q with %q to %q: %v", cfg.User, cfg.Password.Reveal(), cfg.Database, err)
				continue
			}
			var user, database string
			if err := c.QueryRowContext(limit(t), that.who).Scan(&user, &database); err != nil || user != cfg.User || database != cfg.Database {
				t.Errorf("logged in as %q to %q, want %q and %q: %v", user, database, cfg.User, cfg.Database, err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// parsed returns cfg after a way through a URL.
func parsed(t *testing.T, cfg conn.Config) conn.Config {
	t.Helper()
	text := cfg.Dialect + "://" + url.UserPassword(cfg.User, cfg.Password.Reveal()).String() + "@" + addr(cfg) + "/" +
		strings.ReplaceAll(url.PathEscape(cfg.Database), "@", "%40")
	got, err := conn.ParseURL(text)
	if err != nil || !got.Equal(&cfg) {
		t.Fatalf("%s is %v, %v; want %v", text, got, err, cfg)
	}
	return got
}
