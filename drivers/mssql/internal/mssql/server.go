package mssql

import (
	"errors"
	"strings"

	"github.com/patchbay-go/patchbay/drivers/network"
)

// server is where an instance of SQL Server is.
type server struct {
	host     string
	port     int    // 0: that of the instance, or the default
	instance string // empty: the default instance
}

var errServer = errors.New(`must be host, host:port or host\instance, and an IPv6 address with a port as [::1]:1433`)

// parseServer reads host, host:port or host\instance.
func parseServer(text string) (server, error) {
	if host, instance, named := strings.Cut(text, `\`); named {
		name, port, ok := network.SplitHostPort(host)
		if !ok || port != 0 || isInstance(instance) != nil {
			return server{}, errServer
		}
		return server{host: name, instance: instance}, nil
	}
	host, port, ok := network.SplitHostPort(text)
	if !ok {
		return server{}, errServer
	}
	return server{host: host, port: port}, nil
}
