//go:build mssql || alldrivers

package mssql

import (
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// server is where an instance of SQL Server is.
type server struct {
	host     string
	port     int    // 0: that of the instance, or the default
	instance string // empty: the default instance
}

var errServer = errors.New(`write host, host:port or host\instance, and an IPv6 address with a port as [::1]:1433`)

func isServer(value string) error {
	_, err := parseServer(value)
	return err
}

// parseServer reads host, host:port or host\instance.
func parseServer(text string) (server, error) {
	s := server{host: text}
	if host, instance, named := strings.Cut(text, `\`); named {
		s.host, s.instance = host, instance
		if isInstance(instance) != nil {
			return server{}, errServer
		}
	} else if host, port, err := net.SplitHostPort(text); err == nil {
		s.host = host
		if s.port, err = strconv.Atoi(port); err != nil || s.port == 0 {
			return server{}, errServer
		}
	}
	cfg := registry.Config{Dialect: "mssql", Host: s.host, Port: s.port}
	if s.host == "" || strings.HasPrefix(s.host, "/") || cfg.Validate() != nil {
		return server{}, errServer
	}
	return s, nil
}
