package testserver

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// isMySQL reports whether a program is MySQL's server, which has the name that MariaDB's once had.
func isMySQL(server string) bool {
	out, err := exec.Command(server, "--no-defaults", "--version").Output()
	return err == nil && !strings.Contains(string(out), "MariaDB")
}

// mysqlStorage is what the initialization and the server must agree on, and what makes both quick.
// https://dev.mysql.com/doc/refman/9.7/en/server-options.html
var mysqlStorage = []string{
	"--innodb-redo-log-capacity=16M", "--innodb-buffer-pool-size=32M", "--innodb-use-native-aio=0",
	"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin", "--mysqlx=0", "--secure-file-priv=NULL",
}

func installMySQL(p programs, s *Server) *exec.Cmd {
	return exec.Command(p.server, append([]string{
		"--no-defaults", "--initialize-insecure", "--datadir=" + s.data(), "--tmpdir=" + s.home, p.base(),
	}, mysqlStorage...)...)
}

// base is the option for an installation that is not where it was built for. The server finds its messages by it.
func (p programs) base() string { return "--basedir=" + filepath.Dir(filepath.Dir(p.server)) }

// mysqlFirstStatements is firstStatements for MySQL.
const mysqlFirstStatements = `CREATE USER IF NOT EXISTS '%[1]s'@'%%' IDENTIFIED BY '%[2]s';
GRANT ALL PRIVILEGES ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS %[3]s;
DROP USER IF EXISTS root@localhost;
`

func mysqlCommand(p programs, s *Server) *exec.Cmd {
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
		"innodb-buffer-pool-dump-at-shutdown": "0",
		"innodb-buffer-pool-load-at-startup":  "0",
		"default-time-zone":                   "+05:30",
		"auto-generate-certs":                 "0",
	}
	if s.opts.NoTLS {
		settings["tls-version"] = ""
	} else {
		settings["ssl-ca"] = s.file("ca.pem")
		settings["ssl-cert"] = s.file("cert.pem")
		settings["ssl-key"] = s.file("key.pem")
	}
	if !s.started {
		settings["init-file"] = s.file("first.sql")
	}
	args := append([]string{"--no-defaults", "--datadir=" + s.data(), p.base()}, mysqlStorage...)
	for _, setting := range s.settings(settings) {
		args = append(args, "--"+setting)
	}
	return exec.Command(p.server, args...)
}
