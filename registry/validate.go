package registry

import (
	"fmt"
	"strings"

	"github.com/patchbay-go/patchbay/internal/errtree"
)

// Validate reports what is wrong with the config in any dialect: the error joins a [*ConfigError] for each
// field. What only one dialect can tell, such as its Params, its [Driver] checks when the database is opened.
func (c Config) Validate() error {
	var errs problems
	if c.Dialect == "" {
		errs.add("dialect", "is empty", "use "+dialects()+" or one of your own")
	}
	for _, f := range c.fields() {
		if f.name != "password" && !strings.HasPrefix(f.name, "ssl.") {
			if p, ok := f.at.(*string); ok && strings.ContainsRune(*p, 0) {
				errs.add(f.name, "contains a NUL character", "remove it")
			}
		}
	}
	if problem, cure := checkHost(c.Host); problem != "" {
		errs.add("host", problem, cure)
	}
	if c.Port < 0 || c.Port > 65535 {
		errs.add("port", fmt.Sprintf("is %d", c.Port), "use 1 to 65535, or leave it out for the default of the dialect")
	}
	most := c.Pool.Max
	if most == 0 {
		most = DefaultPoolMax
	}
	if c.Pool.Min > most && most > 0 {
		errs.add("pool.min", fmt.Sprintf("is %d, more than pool.max, which is %d", c.Pool.Min, most), "lower it or raise pool.max")
	}
	if c.TLS != nil {
		c.TLS.validate(&errs)
	}
	return errs.join()
}

// problems are those found so far.
type problems []error

//go:noinline
func (p *problems) add(field, problem, cure string) {
	*p = append(*p, &ConfigError{field, problem, cure})
}

func (p problems) join() error { return errtree.Join(p...) }

// checkHost refuses what would be looked up as something that was not meant. It repeats nothing of the host,
// because a URL with a password may have been put there.
func checkHost(host string) (problem, cure string) {
	if host == "" || strings.HasPrefix(host, "/") {
		return "", ""
	}
	if isIPv6(host) {
		return "", ""
	}
	switch {
	case strings.Contains(host, "://"):
		return "is a URL", "parse it with ParseURL, and give only the name or address here"
	case strings.HasPrefix(host, "["):
		return "is in brackets", "write an IPv6 address without them"
	case strings.ContainsRune(host, ':'):
		return "contains a colon and is not an IPv6 address", "put the port into the field port"
	case strings.ContainsAny(host, "/\\@?#%,; \t\r\n"):
		return "contains a character that no host name has", "write a name, an IP address, or an absolute path to a unix socket"
	}
	return "", ""
}

// isIPv6 tells an IPv6 address from a name with a port. It leaves the details to whoever dials: net/netip would
// add 20 KB to every program.
func isIPv6(host string) bool {
	address, _, _ := strings.Cut(host, "%") // a zone, such as that of fe80::1%eth0
	return strings.Count(address, ":") >= 2 && consistsOf(address, "0123456789abcdefABCDEF:.")
}

// consistsOf reports whether every byte of text is one of those in set.
func consistsOf(text, set string) bool {
	for i := range len(text) {
		if strings.IndexByte(set, text[i]) < 0 {
			return false
		}
	}
	return true
}

func (t *TLS) validate(errs *problems) {
	errs.addUnlessPEM("ssl.ca", t.CA)
	errs.addUnlessPEM("ssl.cert", t.Cert)
	errs.addUnlessPEM("ssl.key", t.Key.Reveal())
	switch {
	case t.Cert != "" && t.Key.IsZero():
		errs.add("ssl.cert", "has no ssl.key beside it", "give both or neither")
	case t.Cert == "" && !t.Key.IsZero():
		errs.add("ssl.key", "has no ssl.cert beside it", "give both or neither")
	}
}

//go:noinline
func (p *problems) addUnlessPEM(field, text string) {
	if text != "" && !strings.Contains(text, "-----BEGIN ") {
		p.add(field, "is not PEM text", "give the PEM text itself; for a file, read it first")
	}
	if field != "ssl.key" && holdsPrivateKey(text) {
		p.add(field, "holds a private key", "put it into ssl.key, which is kept secret")
	}
}

func holdsPrivateKey(text string) bool { return strings.Contains(text, "PRIVATE KEY-----") }
