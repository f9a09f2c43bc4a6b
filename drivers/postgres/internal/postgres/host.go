package postgres

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

const defaultPort = 5432

// socketFile is what stands between the folder of a unix socket and the port in its name.
// https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-UNIX-SOCKET-DIRECTORIES
const socketFile = "/.s.PGSQL."

// hostOf returns the server of the config. A port that it does not name is the given one.
func hostOf(cfg *registry.Config, port int) (*pgconn.FallbackConfig, error) {
	if cfg.Port != 0 {
		port = cfg.Port
	}
	host := &pgconn.FallbackConfig{Host: network.Host(cfg), Port: uint16(port)}
	if folder, digits, ok := strings.Cut(cfg.Host, socketFile); ok && network.IsSocket(cfg) && !strings.Contains(digits, "/") {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || cfg.Port != 0 && int(n) != cfg.Port {
			return nil, &registry.ConfigError{Field: "host", Problem: "is the socket of another port", Cure: "leave the port out"}
		}
		if folder == "" {
			folder = "/"
		}
		host.Host, host.Port = folder, uint16(n)
	}
	return host, nil
}
