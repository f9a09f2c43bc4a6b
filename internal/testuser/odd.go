package testuser

import (
	"context"
	"database/sql"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// naming is what the names of a dialect can be, how to make a database and a user who may use it, and a query for
// the names of both in a session.
type naming struct {
	fit    func(name string) string // to what the dialect takes; empty: not at all
	parts  []string                 // of names, that the others do not take
	create []string
	who    string
}

var namings = map[string]naming{
	// https://www.postgresql.org/docs/current/sql-syntax-lexical.html: longer names are cut, at login too.
	"postgres": {
		func(name string) string { return cut(name, 63) },
		[]string{"\t", "\n", "😀"},
		[]string{"CREATE DATABASE «database»", "CREATE ROLE «name» LOGIN PASSWORD «password»"},
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
		nil,
		[]string{"CREATE DATABASE «database»", "CREATE USER «user» IDENTIFIED BY «password»", "GRANT ALL ON *.* TO «user»"},
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

// The parts of odd texts mean something in URLs, DSNs, SQL, shells and elsewhere.
var (
	inNames = []string{
		`'`, `''`, `"`, `""`, `\`, `\\`, "`", ":", "@", "/", "//", "?", "#", "%", "%41", "%zz", ";", "&", "=", "+", " ", ",", ".", "..",
		"(", ")", "[", "]", "{", "}", "<", ">", "|", "$", "$1", "${HOME}", "~", "^", "*", "!", "-", "--", "_", "tcp(h:1)", "host=",
		"a", "B", "7", "null", "true", "ü", "ß", "é", "用户", "Ωμέγα", "sslmode=disable ", strings.Repeat("x", 100),
		"postgres://u:p@h/d?x=y", "u:p@tcp(h)/d?x=y", "x' OR '1'='1", "x' sslmode='disable", "user=admin",
	}
	// Not among them is what SASLprep (RFC 4013) replaces by something else, such as ª by a: PostgreSQL does that with
	// passwords, and pgx does not.
	inPasswords = append([]string{"\t", "\n", "\u00a0", "😀", "e\u0301"}, inNames...)
)

func oddText(r *rand.Rand, parts []string) string {
	var b strings.Builder
	for range 1 + r.IntN(8) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// Odd makes so many users whose names, passwords and databases are odd, and yields how to log in. The passwords end in
// core. It is for a server that no other test uses: nothing is dropped.
func Odd(tb testing.TB, s *testserver.Server, users int, core string) iter.Seq[registry.Config] {
	return func(yield func(registry.Config) bool) {
		tb.Helper()
		syntax, admin, r := SyntaxOf(s), Admin(tb, s), rand.New(rand.NewPCG(5, 3))
		admin.SetMaxIdleConns(1) // it has much to do
		that := namings[s.Config().Dialect]
		if s.IsMySQL() { // https://dev.mysql.com/doc/refman/9.7/en/user-names.html; it takes off spaces at both ends
			fit := that.fit
			that.fit = func(name string) string { return strings.TrimSpace(fit(cut(strings.TrimSpace(name), 32))) }
		}
		parts := slices.Concat(inNames, that.parts)
		used := map[string]bool{"": true}
		fresh := func() string { // not a connection string, which a config does not take for a name
			for {
				name := that.fit(oddText(r, parts))
				taken := registry.Config{Dialect: s.Config().Dialect, User: name}.Validate() == nil
				if taken && !used[strings.ToLower(name)] {
					used[strings.ToLower(name)] = true
					return name
				}
			}
		}
		for range users {
			cfg := s.Config()
			cfg.User, cfg.Database, cfg.Password = fresh(), fresh(), registry.NewSecret(oddText(r, inPasswords)+core)
			fill := strings.NewReplacer("«database»", syntax.Name(cfg.Database), "«name»", syntax.Name(cfg.User),
				"«user»", syntax.Text(cfg.User), "«password»", syntax.Text(cfg.Password.Reveal()))
			for _, statement := range that.create {
				if _, err := admin.ExecContext(tb.Context(), fill.Replace(statement)); err != nil {
					tb.Fatalf("%s: %v", fill.Replace(statement), err)
				}
			}
			if !yield(cfg) {
				return
			}
		}
	}
}

// LoggedIn fails the test unless db, which was opened with cfg, has a session of its user in its database.
func LoggedIn(ctx context.Context, tb testing.TB, db *sql.DB, cfg registry.Config) {
	tb.Helper()
	var user, database string
	err := db.QueryRowContext(ctx, namings[cfg.Dialect].who).Scan(&user, &database)
	if err != nil || user != cfg.User || database != cfg.Database {
		tb.Errorf("logged in as %q to %q, want %q and %q: %v", user, database, cfg.User, cfg.Database, err)
	}
}
