package testuser

import (
	"strings"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

// Syntax is what PostgreSQL and MySQL differ in. The statements have the user as %[1]s, the same as a text as
// %[2]s, and the password as %[3]s.
type Syntax struct {
	quote, text *strings.Replacer // of what is between the quotes of a name and of a text
	mark        string            // the quote of a name
	ownDatabase bool              // tables are kept apart by databases, not by schemas
	create      string
	change      string
	drop        string
	sessions    string
	kill        string // a query for statements, each of which ends one connection
}

// SyntaxOf returns that of a server.
func SyntaxOf(s *testserver.Server) Syntax { return dialects[s.Config().Dialect] }

var dialects = map[string]Syntax{
	"postgres": {
		quote: strings.NewReplacer(`"`, `""`), text: strings.NewReplacer(`'`, `''`), mark: `"`,
		create:   "CREATE ROLE %[1]s LOGIN PASSWORD %[3]s;\nCREATE SCHEMA AUTHORIZATION %[1]s",
		change:   "ALTER ROLE %[1]s PASSWORD %[3]s",
		drop:     "DROP OWNED BY %[1]s;\nDROP ROLE %[1]s",
		sessions: "SELECT count(*) FROM pg_stat_activity WHERE usename = %[2]s",
		kill:     "SELECT 'SELECT pg_terminate_backend(' || pid || ')' FROM pg_stat_activity WHERE usename = %[2]s",
	},
	"mysql": {
		quote: strings.NewReplacer("`", "``"), text: strings.NewReplacer(`'`, `''`, `\`, `\\`), mark: "`",
		ownDatabase: true,
		create:      "CREATE USER %[2]s IDENTIFIED BY %[3]s;\nCREATE DATABASE %[1]s;\nGRANT ALL ON %[1]s.* TO %[2]s",
		change:      "ALTER USER %[2]s IDENTIFIED BY %[3]s",
		drop:        "DROP DATABASE %[1]s;\nDROP USER %[2]s",
		sessions:    "SELECT COUNT(*) FROM information_schema.processlist WHERE user = %[2]s",
		kill:        "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE user = %[2]s",
	},
}

// Name quotes a name of the dialect.
func (s Syntax) Name(text string) string { return s.mark + s.quote.Replace(text) + s.mark }

// Text quotes a text of the dialect.
func (s Syntax) Text(text string) string { return "'" + s.text.Replace(text) + "'" }
