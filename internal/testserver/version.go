package testserver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// askPostgres has psql, where there is one, ask a server for its version, which it tells only to those who
// have logged in.
func askPostgres(config registry.Config) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	folders := filepath.SplitList(os.Getenv("PATH"))
	if p, err := findPostgres(); err == nil {
		folders = append(folders, filepath.Dir(p.server))
	}
	psql := findFile(folders, []string{"psql"})
	if psql == "" {
		return "of unknown version (no psql found)"
	}
	cmd := exec.CommandContext(ctx, psql, "-XAtwc", "SHOW server_version")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "PGHOST=" + config.Host, "PGPORT=" + strconv.Itoa(config.Port), "PGUSER=" + config.User,
		"PGPASSWORD=" + config.Password.Reveal(), "PGDATABASE=" + config.Database, "PGSSLMODE=disable",
	}
	if config.TLS != nil {
		cmd.Env = append(cmd.Env, "PGSSLMODE=require")
	}
	out, err := cmd.Output()
	if err != nil {
		return fmt.Sprintf("of unknown version (psql: %v)", err)
	}
	version, _, _ := strings.Cut(string(bytes.TrimSpace(out)), " ")
	return "PostgreSQL " + version
}

// askMySQL reads the greeting of a server:
// https://mariadb.com/kb/en/connection/#initial-handshake-packet
func askMySQL(config registry.Config) string {
	network, addr := "tcp", net.JoinHostPort(config.Host, strconv.Itoa(config.Port))
	if strings.HasPrefix(config.Host, "/") {
		network, addr = "unix", config.Host
	}
	version, err := greeting(network, addr)
	if err != nil {
		return fmt.Sprintf("of unknown version (%v)", err)
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(version, "5.5.5-"), "-") // what MariaDB puts before its own
	if strings.Contains(version, "MariaDB") {
		return "MariaDB " + number
	}
	return "MySQL " + number
}

func greeting(network, addr string) (string, error) {
	conn, err := net.DialTimeout(network, addr, 10*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	reader := bufio.NewReader(io.LimitReader(conn, 256))
	var start [5]byte // length, number, protocol
	if _, err := io.ReadFull(reader, start[:]); err != nil {
		return "", err
	}
	if start[4] != 10 {
		return "", fmt.Errorf("%s greets with %#x instead of protocol 10", addr, start[4])
	}
	version, err := reader.ReadString(0)
	return strings.TrimSuffix(version, "\x00"), err
}
