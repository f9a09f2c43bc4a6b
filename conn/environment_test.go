package conn_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// hostile are the variables by which other clients let themselves be configured.
// https://www.postgresql.org/docs/current/libpq-envars.html
// https://dev.mysql.com/doc/refman/8.4/en/environment-variables.html
var hostile = strings.Fields(`
	PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE PGREQUIREAUTH PGCHANNELBINDING PGSERVICE PGSERVICEFILE
	PGOPTIONS PGAPPNAME PGSSLMODE PGREQUIRESSL PGSSLNEGOTIATION PGSSLCOMPRESSION PGSSLCERT PGSSLCERTMODE PGSSLKEY
	PGSSLPASSWORD PGSSLROOTCERT PGSSLCRL PGSSLCRLDIR PGSSLSNI PGREQUIREPEER PGSSLMINPROTOCOLVERSION PGSSLMAXPROTOCOLVERSION
	PGMINPROTOCOLVERSION PGMAXPROTOCOLVERSION PGGSSENCMODE PGKRBSRVNAME PGGSSLIB PGGSSDELEGATION PGCONNECT_TIMEOUT
	PGCLIENTENCODING PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGDATESTYLE PGTZ PGGEQO PGSYSCONFDIR PGLOCALEDIR
	MYSQL_HOST MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_PWD MYSQL_HOME MYSQL_GROUP_SUFFIX MYSQL_TEST_LOGIN_FILE MARIADB_HOME
	USER LOGNAME USERNAME DATABASE_URL`)

// session is what a client can have made of its session, one row or one column a fact.
var session = map[string]string{
	"postgres": `SELECT name || '=' || setting FROM pg_settings WHERE source IN ('client', 'session', 'interactive')
		UNION SELECT 'login=' || session_user || ' ' || current_database() ORDER BY 1`,
	"mysql": `SELECT CONCAT(VARIABLE_NAME, '=', VARIABLE_VALUE) FROM information_schema.SESSION_VARIABLES
		WHERE VARIABLE_NAME IN ('AUTOCOMMIT', 'TIME_ZONE', 'SQL_MODE', 'CHARACTER_SET_CLIENT', 'COLLATION_CONNECTION', 'WAIT_TIMEOUT', 'TX_ISOLATION')
		UNION SELECT CONCAT('login=', USER(), ' ', DATABASE()) ORDER BY 1`,
}

func TestAHostileEnvironmentChangesNothing(t *testing.T) {
	facts := func(t *testing.T, s *testserver.Server, cfg conn.Config) []string {
		t.Helper()
		query := session[cfg.Dialect]
		if s.IsMySQL() {
			query = strings.ReplaceAll(query, "information_schema.SESSION_VARIABLES", "performance_schema.session_variables")
		}
		db, _ := opens(t, cfg)
		rows, err := db.QueryContext(limit(t), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var fact string
			if err := rows.Scan(&fact); err != nil {
				t.Fatal(err)
			}
			all = append(all, fact)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	onEach(t, func(t *testing.T, dialect string) {
		s := starters[dialect](t, testserver.Options{})
		for name, encryption := range encryptions(s) {
			cfg := s.Config()
			cfg.TLS = encryption
			before := facts(t, s, cfg)
			if len(before) < 4 {
				t.Fatalf("all that there is to compare is %q", before)
			}
			t.Run(name, func(t *testing.T) {
				poison(t)
				if after := facts(t, s, cfg); !slices.Equal(after, before) {
					t.Errorf("the session is %q, and was %q", after, before)
				}
				wrong := cfg.Clone()
				wrong.Password = conn.NewSecret("pw-8d1f-wrong")
				fails(t, wrong, outcome{conn.KindAuth, 1, "verify user and password"})
			})
		}
	})
}

// poison sets the variables to nonsense, and fills the home folder with files that clients read.
func poison(t *testing.T) {
	home := t.TempDir()
	for file, text := range map[string]string{
		".pgpass":                     "*:*:*:*:from-the-file\n",
		".pg_service.conf":            "[nonsense]\nhost=elsewhere.invalid\nuser=intruder\nsslmode=disable\n",
		".postgresql/root.crt":        "nonsense",
		".postgresql/postgresql.crt":  "nonsense",
		".postgresql/postgresql.key":  "nonsense",
		".my.cnf":                     "[client]\nhost=elsewhere.invalid\nuser=intruder\npassword=from-the-file\n",
		"AppData/postgresql/root.crt": "nonsense",
	} {
		path := filepath.Join(home, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("APPDATA", filepath.Join(home, "AppData"))
	for _, name := range hostile {
		t.Setenv(name, "nonsense")
	}
}
