package registry

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// HostConfigs returns a config for each host, in the order of the list: c with that host as Host and Port, and without
// Hosts. That of a config without Hosts is c. They share nothing. It fails where [Config.Validate] does.
func (c *Config) HostConfigs() ([]Config, error) {
	if len(c.Hosts) == 0 {
		return []Config{c.Clone()}, nil
	}
	all := make([]Config, len(c.Hosts))
	for i, text := range c.Hosts {
		host, port, problem, cure := splitHost(text)
		if problem != "" {
			return nil, NewConfigError(hostField(i), problem, cure)
		}
		one := &all[i]
		*one = *c
		one.unshare()
		one.Hosts, one.HostOrder, one.Host = nil, HostsListed, host
		if port != 0 {
			one.Port = port
		}
	}
	return all, nil
}

// hostField names one of Hosts in errors, counted from 1: the text itself may hold a password.
func hostField(i int) string { return fmt.Sprintf("hosts (number %d)", i+1) }

// JoinHostPort writes one of Config.Hosts: a name, an address, in brackets where it has colons, or the path of a unix socket, and the
// port unless that is 0.
func JoinHostPort(host string, port int) string {
	if strings.Contains(host, ":") && !isPath(host) {
		host = "[" + host + "]"
	}
	if port != 0 {
		host += ":" + strconv.Itoa(port)
	}
	return host
}

// isPath reports whether a host is the path of a unix socket.
func isPath(host string) bool { return strings.HasPrefix(host, "/") }

// splitHost reads one of Hosts. The port is 0 where there is none.
func splitHost(text string) (host string, port int, problem, cure string) {
	host = text
	switch {
	case text == "":
		return "", 0, "is empty", "name a host, or leave it out"
	case strings.Contains(text, "://"):
		return "", 0, "is a URL", "parse it with ParseURL, and give only the name or address here"
	case isPath(text):
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		host = text[1 : len(text)-1]
		if !strings.Contains(host, ":") {
			return "", 0, "has brackets without an IPv6 address in them", "leave the brackets out"
		}
	default:
		name, digits, err := net.SplitHostPort(text)
		if err != nil {
			break // no port
		}
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return "", 0, "has a port that is not a number from 1 to 65535", "correct it"
		}
		if name == "" {
			return "", 0, "has a port and no host", "name the host"
		}
		host, port = name, int(n)
	}
	problem, cure = checkHost(host)
	return host, port, problem, cure
}
