package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
)

var mariadb = newMariaDB()

// newMariaDB describes what runs as https://mariadb.com/kb/en/mariadbd-options/ says.
func newMariaDB() *kind {
	k := &kind{
		dialect:   "mysql",
		product:   "MariaDB",
		users:     []string{"mysql", "nobody"},
		database:  admin,
		ask:       askMySQL,
		find:      findMariaDB,
		install:   installMariaDB,
		configure: configureMariaDB,
		command:   mariadbCommand,
		socket:    func(s *Server) string { return s.file("socket") },
		ready:     "ready for connections",
		taken:     "Bind on TCP/IP port",
		version:   regexp.MustCompile(`ready for connections\.?\s+Version: '(\d+\.\d+\.\d+)`),
		stop:      syscall.SIGTERM,
		kill:      syscall.SIGKILL,
	}
	k.pristine = sync.OnceValues(k.makePristine)
	return k
}

// findMariaDB looks where PATCHBAY_TEST_MYSQL_BIN says, or in PATH and where distributions put servers that are not for
// everybody's PATH. It finds MySQL as well.
func findMariaDB() (programs, error) {
	if !canStart {
		return programs{}, &missingError{"private servers are only started on Unix"}
	}
	folders := append(filepath.SplitList(os.Getenv("PATH")),
		"/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/libexec", "/opt/homebrew/bin", "/usr/local/bin")
	if given := os.Getenv("PATCHBAY_TEST_MYSQL_BIN"); given != "" {
		folders = filepath.SplitList(given)
	}
	p := programs{
		server:  findFile(folders, []string{"mariadbd", "mysqld"}),
		install: findFile(folders, []string{"mariadb-install-db", "mysql_install_db"}), // which MySQL does not have
	}
	switch {
	case p.server == "":
		return p, &missingError{"no mariadbd found"}
	case p.install == "" && isMySQL(p.server):
		p.mysql = true
	case p.install == "":
		return p, &missingError{"no mariadb-install-db found beside " + p.server}
	}
	return p, nil
}

// storage is what mariadb-install-db and the server must agree on, and what makes both quick.
var storage = []string{
	"--innodb-log-file-size=16M", "--innodb-buffer-pool-size=32M", "--innodb-use-native-aio=0",
	"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--debug-no-sync",
}

func installMariaDB(p programs, s *Server) *exec.Cmd {
	if p.mysql {
		return installMySQL(p, s)
	}
	return exec.Command(p.install, append([]string{
		"--no-defaults", "--datadir=" + s.data(), "--force", "--skip-test-db", "--skip-name-resolve",
		"--auth-root-authentication-method=normal", "--tmpdir=" + s.home, p.base(),
	}, storage...)...)
}

// firstStatements replace the users without a password that mariadb-install-db makes.
const firstStatements = `DELETE FROM mysql.global_priv WHERE User IN ('', 'root');
FLUSH PRIVILEGES;
CREATE USER IF NOT EXISTS '%[1]s'@'%%' IDENTIFIED BY '%[2]s';
GRANT ALL PRIVILEGES ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS %[3]s;
`

// configureMariaDB does so for the first start only: what a test does to the users of its server stays.
func configureMariaDB(s *Server) error {
	if s.started {
		return nil
	}
	statements := firstStatements
	if s.programs.mysql {
		statements = mysqlFirstStatements
	}
	return s.write(s.file("first.sql"), fmt.Sprintf(statements, s.User, s.Password, s.Database))
}

func mariadbCommand(p programs, s *Server) *exec.Cmd {
	if p.mysql {
		return mysqlCommand(p, s)
	}
	settings := map[string]string{
		"port":                                fmt.Sprint(s.Port),
		"bind-address":                        loopback(),
		"socket":                              s.Socket,
		"pid-file":                            s.file("pid"),
		"tmpdir":                              s.home,
		"skip-name-resolve":                   "1",
		"max-connections":                     "200",
		"max-connect-errors":                  "1000000", // tests break off many logins
		"table-open-cache":                    "200",
		"innodb-temp-data-file-path":          "ibtmp1:1M:autoextend",
		"innodb-buffer-pool-dump-at-shutdown": "0",
		"innodb-buffer-pool-load-at-startup":  "0",
		"default-time-zone":                   "+05:30",
		"ssl":                                 "0",
	}
	if !s.opts.NoTLS {
		settings["ssl"] = "1"
		settings["ssl-ca"] = s.file("ca.pem")
		settings["ssl-cert"] = s.file("cert.pem")
		settings["ssl-key"] = s.file("key.pem")
	}
	if !s.started {
		settings["init-file"] = s.file("first.sql")
	}
	args := append([]string{"--no-defaults", "--datadir=" + s.data(), p.base()}, storage...)
	for _, setting := range s.settings(settings) {
		args = append(args, "--"+setting)
	}
	return exec.Command(p.server, args...)
}
