package registry

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Validate reports what is wrong with the config in any dialect: the error joins a [*ConfigError] for each
// field. What only one dialect can tell, such as its Params, its [Driver] checks when the database is opened.
func (c Config) Validate() error {
	var errs []error
	c.check(func(field, problem, cure string) {
		errs = append(errs, NewConfigError(field, problem, cure))
	})
	return errors.Join(errs...)
}

// check calls report for each problem.
func (c *Config) check(report func(field, problem, cure string)) {
	if c.Dialect == "" {
		report("dialect", "is empty", "use "+dialects+" or one of your own")
	}
	for _, f := range c.fields() {
		p, ok := f.at.(*string)
		if !ok || strings.HasPrefix(f.name, "ssl.") {
			continue
		}
		if strings.ContainsRune(*p, 0) {
			report(f.name, "contains a NUL character", "remove it")
		}
		if f.name != "host" && showsSecret(*p) {
			report(f.name, "is a connection string", "parse it with ParseURL, and give only the "+f.name+" here")
		}
	}
	provider := c.Credentials.Provider
	if !c.Password.IsZero() && (c.PasswordFile != "" || provider != "") || c.PasswordFile != "" && provider != "" {
		report("password", "is given in more than one way", "keep one of password, passwordFile and credentials")
	}
	if len(c.Credentials.Options) > 0 && provider == "" {
		report("credentials.provider", "is empty", "name the provider that the options are for")
	}
	for _, m := range c.maps() {
		for name, value := range *m.at {
			if strings.ContainsRune(name, 0) || strings.ContainsRune(value, 0) {
				report(m.name+"."+strings.ReplaceAll(name, "\x00", "?"), "contains a NUL character", "remove it")
			}
		}
	}
	if c.Retry.Factor < 0 || c.Retry.Jitter > 1 {
		report("retry", "has a negative factor, or a jitter of more than 1", "correct it")
	}
	if strings.HasSuffix(c.Password.Reveal(), "\n") {
		report("password", "ends in a line end", "cut it off; an editor adds one to a file")
	}
	c.checkHosts(report)
	if c.Port < 0 || c.Port > 65535 {
		report("port", fmt.Sprintf("is %d", c.Port), "use 1 to 65535, or leave it out for the default of the dialect")
	}
	if most := cmp.Or(c.Pool.Max, DefaultPoolMax); c.Pool.Min > most && most > 0 {
		report("pool.min", fmt.Sprintf("is %d, more than pool.max, which is %d", c.Pool.Min, most), "lower it or raise pool.max")
	}
	if idle := c.Pool.MaxIdle; idle != 0 && c.Pool.Min > max(idle, 0) {
		report("pool.maxIdle", fmt.Sprintf("is %d, less than pool.min, which is %d", idle, c.Pool.Min), "raise it or lower pool.min")
	}
	if c.TLS != nil {
		c.TLS.check(report)
	}
	if c.Readers != nil {
		c.checkReaders(report)
	}
}

func (c *Config) checkHosts(report func(field, problem, cure string)) {
	if problem, cure := checkHost(c.Host); problem != "" {
		report("host", problem, cure)
	}
	if c.Host != "" && len(c.Hosts) > 0 {
		report("hosts", "is given beside host", "keep one of them")
	}
	if c.HostOrder > HostsRandom {
		report("hostOrder", "is unknown", "use HostsListed or HostsRandom")
	}
	if c.Role > RolePreferReader {
		report("role", "is unknown", "use RoleAny, RoleWriter, RoleReader or RolePreferReader")
	}
	seen := make(map[string]bool)
	for i, text := range c.Hosts {
		host, port, problem, cure := splitHost(text)
		switch {
		case strings.ContainsRune(text, 0):
			problem, cure = "contains a NUL character", "remove it"
		case strings.Contains(text, ","):
			problem, cure = "contains a comma", "write each host by itself"
		case problem != "":
		default:
			where := net.JoinHostPort(host, strconv.Itoa(cmp.Or(port, c.Port)))
			if seen[where] {
				problem, cure = "is in the list already", "keep one of them"
			}
			seen[where] = true
		}
		if problem != "" {
			report(hostField(i), problem, cure)
		}
	}
}

func (c *Config) checkReaders(report func(field, problem, cure string)) {
	readers := *c.Readers
	if readers.Readers != nil {
		report(inReaders+"readers", "is set", "leave it out: a pool for reading has none of its own")
		readers.Readers = nil
	}
	if readers.Dialect != "" && readers.Dialect != c.Dialect {
		report(inReaders+"dialect", "is another dialect", "leave it out")
	}
	readers.Dialect = cmp.Or(c.Dialect, "-")
	readers.check(func(field, problem, cure string) { report(inReaders+field, problem, cure) })
}

// checkHost refuses what would be looked up as something that was not meant. It repeats nothing of the host,
// because a URL with a password may have been put there.
func checkHost(host string) (problem, cure string) {
	if host == "" || isPath(host) {
		return "", ""
	}
	if _, err := netip.ParseAddr(host); err == nil && !strings.ContainsAny(host, notInHosts) {
		return "", ""
	}
	switch {
	case strings.Contains(host, "://"):
		return "is a URL", "parse it with ParseURL, and give only the name or address here"
	case strings.HasPrefix(host, "["):
		return "is in brackets", "write an IPv6 address without them"
	case strings.ContainsRune(host, ':'):
		return "contains a colon and is not an IPv6 address", "put the port into the field port"
	case strings.ContainsAny(host, notInHosts+"%"):
		return "contains a character not allowed in a host name", "write a name, an IP address, or an absolute path to a unix socket"
	}
	return "", ""
}

// notInHosts are characters of URLs and lists, which neither a name nor the zone of an address has.
const notInHosts = "/\\@?#[],; \t\r\n"

func (t *TLS) check(report func(field, problem, cure string)) {
	checkPEM(report, "ssl.ca", t.CA, t.CAFile)
	checkPEM(report, "ssl.cert", t.Cert, t.CertFile)
	checkPEM(report, "ssl.key", t.Key.Reveal(), t.KeyFile)
	hasCA, hasCert, hasKey := t.CA != "" || t.CAFile != "", t.Cert != "" || t.CertFile != "", !t.Key.IsZero() || t.KeyFile != ""
	switch {
	case hasCert && !hasKey:
		report("ssl.cert", "has no ssl.key beside it", "give both or neither")
	case !hasCert && hasKey:
		report("ssl.key", "has no ssl.cert beside it", "give both or neither")
	}
	switch {
	case t.SkipVerify && hasCA:
		report("ssl.ca", "is not looked at with rejectUnauthorized=false, which believes any server", "set verifyHostname=false in its place to verify all but the name, or leave one of them out")
	case t.SkipHostname && !hasCA && !t.SkipVerify:
		report("ssl.verifyHostname", "is false without ssl.ca: a certificate for any name in the world would do", "give the authority's certificate as ssl.ca")
	}
}

func checkPEM(report func(field, problem, cure string), field, text, file string) {
	if text != "" && !strings.Contains(text, "-----BEGIN ") {
		report(field, "is not PEM text", "give the PEM text itself, or name its file in "+field+"File")
	}
	if field != "ssl.key" && holdsPrivateKey(text) {
		report(field, "holds a private key", "put it into ssl.key, which is kept secret")
	}
	if text != "" && file != "" {
		report(field+"File", "is given beside "+field, "keep one of them")
	}
}

func holdsPrivateKey(text string) bool { return strings.Contains(text, "PRIVATE KEY-----") }
