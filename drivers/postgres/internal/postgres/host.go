package postgres

import (
	"cmp"
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

// hostsOf lists the servers to try, in order: that of the config and its fallback hosts. A port that neither
// names is the given one.
func hostsOf(cfg *registry.Config, port int) ([]*pgconn.FallbackConfig, error) {
	if cfg.Port != 0 {
		port = cfg.Port
	}
	first := &pgconn.FallbackConfig{Host: network.Host(cfg), Port: uint16(port)}
	if folder, digits, ok := strings.Cut(cfg.Host, socketFile); ok && network.IsSocket(cfg) && !strings.Contains(digits, "/") {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || cfg.Port != 0 && int(n) != cfg.Port {
			return nil, &registry.ConfigError{Field: "host", Problem: "is the socket of another port", Cure: "leave the port out"}
		}
		if folder == "" {
			folder = "/"
		}
		first.Host, first.Port = folder, uint16(n)
	}
	hosts := []*pgconn.FallbackConfig{first}
	if cfg.Params["fallback_hosts"] == "" {
		return hosts, nil
	}
	for _, text := range strings.Split(cfg.Params["fallback_hosts"], ",") {
		host, own, ok := network.SplitHostPort(text)
		if !ok {
			return nil, &registry.ConfigError{Field: "params.fallback_hosts", Problem: "must be host or host:port, separated by commas, and an IPv6 address with a port as [::1]:5432"}
		}
		hosts = append(hosts, &pgconn.FallbackConfig{Host: host, Port: uint16(cmp.Or(own, port))})
	}
	return hosts, nil
}
