//go:build postgres || alldrivers

package postgres

import (
	"errors"
	"net"
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
		host, err := parseHost(text, port)
		if err != nil {
			return nil, &registry.ConfigError{Field: "params.fallback_hosts", Problem: "cannot have this value", Cure: err.Error()}
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

var errHost = errors.New("write host or host:port, separated by commas, and an IPv6 address with a port as [::1]:5432")

// parseHost reads host, host:port or [IPv6 address]:port.
func parseHost(text string, port int) (*pgconn.FallbackConfig, error) {
	text = strings.TrimSpace(text)
	one := registry.Config{Dialect: "postgres", Host: text, Port: port}
	if host, digits, err := net.SplitHostPort(text); err == nil {
		one.Host = host
		if one.Port, err = strconv.Atoi(digits); err != nil || one.Port == 0 {
			return nil, errHost
		}
	}
	if one.Host == "" || network.IsSocket(&one) || one.Validate() != nil {
		return nil, errHost
	}
	return &pgconn.FallbackConfig{Host: one.Host, Port: uint16(one.Port)}, nil
}
