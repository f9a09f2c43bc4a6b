package testserver

import (
	"cmp"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

var postgres = newPostgres()

// newPostgres describes what runs as https://www.postgresql.org/docs/current/app-postgres.html says.
func newPostgres() *kind {
	k := &kind{
		dialect:   "postgres",
		product:   "PostgreSQL",
		users:     []string{"postgres", "nobody"},
		database:  "postgres",
		ask:       askPostgres,
		find:      findPostgres,
		install:   initdb,
		configure: configurePostgres,
		command:   postgresCommand,
		socket:    func(s *Server) string { return s.home },
		ready:     "database system is ready to accept connections",
		starting:  "entering standby mode",
		taken:     "could not bind ",
		version:   regexp.MustCompile(`starting PostgreSQL (\S+)`),
		stop:      syscall.SIGINT,  // "fast shutdown"
		kill:      syscall.SIGQUIT, // "immediate shutdown"; SIGKILL would leave a shared memory segment
	}
	k.pristine = sync.OnceValues(k.makePristine)
	return k
}

// findPostgres looks where PATCHBAY_TEST_POSTGRES_BIN says, or in PATH, where pg_config points, and where distributions put what they keep out of PATH,
// newest first.
func findPostgres() (programs, error) {
	if !canStart {
		return programs{}, &missingError{"private servers are only started on Unix"}
	}
	folders := filepath.SplitList(os.Getenv("PATH"))
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",          // Debian
		"/usr/pgsql-*/bin",                   // Red Hat, from postgresql.org
		"/usr/libexec/postgresql*",           // Alpine
		"/opt/homebrew/opt/postgresql@*/bin", // macOS
		"/usr/local/opt/postgresql@*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails only for a bad pattern
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
		folders = append(folders, found...)
	}
	if given := os.Getenv("PATCHBAY_TEST_POSTGRES_BIN"); given != "" {
		folders = filepath.SplitList(given)
	}
	for _, folder := range folders {
		p := programs{server: findFile([]string{folder}, []string{"postgres"}), install: findFile([]string{folder}, []string{"initdb"})}
		if p.server != "" && p.install != "" {
			return p, nil
		}
	}
	return programs{}, &missingError{"no postgres with initdb found"}
}

// HasGSS reports whether the PostgreSQL that is started was built with GSSAPI. One without refuses to start with
// that method in pg_hba.conf.
func HasGSS() bool {
	p, err := findPostgres()
	if err != nil {
		return false
	}
	program, err := elf.Open(p.server)
	if err != nil {
		return false // it is not of a system whose programs are of that kind
	}
	defer program.Close()
	libraries, _ := program.ImportedLibraries() // none is none
	return slices.ContainsFunc(libraries, func(name string) bool { return strings.HasPrefix(name, "libgssapi") })
}

var digits = regexp.MustCompile(`\d+`)

func number(path string) int {
	n, _ := strconv.Atoi(digits.FindString(path))
	return n
}

func initdb(p programs, s *Server) *exec.Cmd {
	return exec.Command(p.install, "--pgdata", s.data(), "--username", s.User, "--pwfile", s.file("password"),
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--wal-segsize", "1")
}

// usualHBA lets everybody in who knows a password, encrypted or not.
const usualHBA = `
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`

func configurePostgres(s *Server) error {
	standby := filepath.Join(s.data(), "standby.signal")
	if err := os.RemoveAll(standby); err != nil {
		return err
	}
	if s.opts.Starting || s.opts.follows != nil {
		if err := s.write(standby, ""); err != nil {
			return err
		}
	}
	return s.write(filepath.Join(s.data(), "pg_hba.conf"), strings.Join(s.opts.HBA, "\n")+usualHBA)
}

func postgresCommand(p programs, s *Server) *exec.Cmd {
	settings := map[string]string{
		"port":                       fmt.Sprint(s.Port),
		"listen_addresses":           loopback(),
		"unix_socket_directories":    s.Socket,
		"max_connections":            "200",
		"fsync":                      "off",
		"full_page_writes":           "off",
		"synchronous_commit":         "off",
		"autovacuum":                 "off",
		"dynamic_shared_memory_type": "mmap", // files in the data folder, which are removed with it
		"timezone":                   "<+0530>-05:30",
		"ssl":                        "off",
	}
	if !s.opts.NoTLS {
		settings["ssl"] = "on"
		settings["ssl_ca_file"] = s.file("ca.pem")
		settings["ssl_cert_file"] = s.file("cert.pem")
		settings["ssl_key_file"] = s.file("key.pem")
	}
	if s.opts.Starting {
		settings["hot_standby"] = "off"
	}
	if s.opts.follows != nil {
		settings["primary_conninfo"] = primaryOf(s)
	}
	args := []string{"-D", s.data()}
	for _, setting := range s.settings(settings) {
		args = append(args, "-c", setting)
	}
	return exec.Command(p.server, args...)
}
