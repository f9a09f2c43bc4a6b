package registry

import (
	"fmt"
	"net/url"
	"strings"
)

// String returns the config as a URL that ParseURL reads, except that secrets show as [redacted], which it
// does not.
func (c Config) String() string {
	c.hideMisplaced()
	text := c.Dialect
	// What stands before the parameters is taken out of the copy.
	if c.isFile() {
		name := &c.Filename
		if *name == "" {
			name = &c.Database
		}
		path := escape(*name, "/:")
		if rest, ok := strings.CutPrefix(path, "//"); ok { // which would start a host
			path = "/%2F" + rest
		} else if strings.HasPrefix(path, "/./") || strings.HasPrefix(path, "/../") { // which would look relative
			path = "/%2E" + path[2:]
		}
		text += ":" + path
		*name = ""
	} else {
		text += "://" + c.authority()
		if !pathIsInstance(c.Dialect) {
			if c.Database != "" {
				text += "/" + escape(c.Database, "")
			}
			c.Database = ""
		}
		if c.hostsInPath() {
			c.Hosts = nil
		} else if len(c.Hosts) == 0 {
			c.Port = 0
		}
		c.User, c.Host = "", ""
	}
	c.Dialect, c.Password = "", Secret{}
	var params []string
	c.writeParams(func(name, value string) { params = append(params, escape(name, "")+"="+value) })
	if len(params) > 0 {
		text += "?" + strings.Join(params, "&")
	}
	return text
}

// hideMisplaced redacts texts that hold a secret where none belongs, in a copy of a config.
func (c *Config) hideMisplaced() {
	for _, f := range c.fields() {
		if p, ok := f.at.(*string); ok && !strings.HasPrefix(f.name, "ssl.") && showsSecret(*p) {
			*p = redacted
		}
	}
	c.Hosts = shownTexts(c.Hosts)
}

// writeParams calls add for all that is set in c, with the values escaped.
func (c *Config) writeParams(add func(name, value string)) {
	plainTLS := c.TLS != nil
	for _, f := range c.fields() {
		value := f.value()
		if value == nil {
			continue
		}
		plainTLS = plainTLS && !strings.HasPrefix(f.name, "ssl.")
		text := escape(fmt.Sprint(value), "/:")
		if list, ok := value.([]string); ok {
			text = escape(strings.Join(list, ","), "/:,[]")
		}
		add(f.name, text)
	}
	if plainTLS {
		add("ssl", "true")
	}
	for _, m := range c.maps() {
		prefix := m.name + "."
		if m.name == "params" {
			prefix = ""
		}
		for _, name := range sorted(*m.at) {
			add(prefix+name, escape(shownParam(name, (*m.at)[name]), "/:"))
		}
	}
	if c.Readers == nil {
		return
	}
	readers := *c.Readers
	readers.hideMisplaced()
	empty := true
	readers.writeParams(func(name, value string) {
		add(inReaders+name, value)
		empty = false
	})
	if empty {
		add("readers", "true")
	}
}

// escape writes text for a URL in which a space is %20 and "+" a plus. The characters in keep stay as they are.
func escape(text, keep string) string {
	if text == redacted {
		return text
	}
	text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	for _, c := range keep {
		text = strings.ReplaceAll(text, fmt.Sprintf("%%%02X", c), string(c))
	}
	return text
}

// Format writes String for every verb: %+v and %#v would show a secret that was put into Params by mistake.
func (c Config) Format(f fmt.State, verb rune) {
	// The state only fails when its writer does, and fmt has no way to say so.
	_, _ = f.Write([]byte(c.String()))
}

// isFile reports whether the part before the query is a file name.
func (c *Config) isFile() bool {
	info := std.describe(c.Dialect)
	files := info == nil && c.Filename != "" || info != nil && info.Files
	return files && c.Host == "" && len(c.Hosts) == 0 && c.Port == 0 && c.User == "" && c.Password.IsZero()
}

func (c *Config) authority() string {
	s := escape(c.User, "")
	if !c.Password.IsZero() {
		s += ":" + redacted
	}
	if s != "" {
		s += "@"
	}
	if len(c.Hosts) > 0 {
		if c.hostsInPath() {
			for i, host := range c.Hosts {
				if i > 0 {
					s += ","
				}
				host, port, _, _ := splitHost(host)
				s += placed(host, port)
			}
		}
		return s
	}
	return s + placed(c.Host, c.Port)
}

// placed writes a host as it stands before the path of a URL, where a colon in the path of a socket would be one before a port.
func placed(host string, port int) string {
	if isPath(host) {
		return escape(host, "") + JoinHostPort("", port)
	}
	return escape(JoinHostPort(host, port), ":[]")
}

// hostsInPath reports whether Hosts are read as they are where they stand before the path of a URL.
func (c *Config) hostsInPath() bool {
	if c.Host != "" || len(c.Hosts) < 2 {
		return false
	}
	for _, text := range c.Hosts {
		host, port, problem, _ := splitHost(text)
		if problem != "" || JoinHostPort(host, port) != text {
			return false
		}
	}
	return true
}
