package registry_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

func TestValidateNamesTheFieldAndTheCure(t *testing.T) {
	const certificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
	key := registry.NewSecret("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n")
	for want, cfg := range map[string]registry.Config{
		"dialect is empty: use " + dialects() + " or one of your own": {},
		"host is a URL: parse it":                                     {Dialect: "x", Host: "postgres://u:hunter2@h/d"},
		"host contains a colon and is not an IPv6 address: put":       {Dialect: "x", Host: "db:5432"},
		"host is in brackets: write":                                  {Dialect: "x", Host: "[::1]"},
		"host contains a character not allowed in a host name: write": {Dialect: "x", Host: "u@h"},
		"host contains a NUL character: remove":                       {Dialect: "x", Host: "/a\x00b"},
		"hosts is given beside host: keep one of them":                {Dialect: "x", Host: "a", Hosts: []string{"b"}},
		"hosts (number 1) is a URL: parse it":                         {Dialect: "x", Hosts: []string{"postgres://u:hunter2@h/d"}},
		"hosts (number 2) contains a character not allowed":           {Dialect: "x", Hosts: []string{"a", "hunter2@b"}},
		"hosts (number 1) contains a comma: write each host":          {Dialect: "x", Hosts: []string{"/a,/b"}},
		"hosts (number 1) contains a NUL character: remove":           {Dialect: "x", Hosts: []string{"/a\x00b"}},
		"hosts (number 1) has a port that is not":                     {Dialect: "x", Hosts: []string{"a:hunter2"}},
		"hosts (number 1) has a port and no host":                     {Dialect: "x", Hosts: []string{":1"}},
		"hosts (number 1) has brackets without an IPv6 address":       {Dialect: "x", Hosts: []string{"[hunter2]"}},
		"hosts (number 1) contains a colon and is not":                {Dialect: "x", Hosts: []string{"a:b:c"}},
		"hosts (number 2) is empty: name a host":                      {Dialect: "x", Hosts: []string{"a", ""}},
		"hosts (number 2) is in the list already":                     {Dialect: "x", Port: 5, Hosts: []string{"a", "a:5"}},
		"role is unknown: use RoleAny":                                {Dialect: "x", Role: 9},
		"hostOrder is unknown: use HostsListed":                       {Dialect: "x", HostOrder: 9},
		"readers.port is -1: use":                                     {Dialect: "x", Readers: &registry.Config{Port: -1}},
		"readers.hosts (number 1) is empty":                           {Dialect: "x", Readers: &registry.Config{Hosts: []string{""}}},
		"readers.readers is set: leave it out":                        {Dialect: "x", Readers: &registry.Config{Readers: &registry.Config{}}},
		"readers.dialect is another dialect: leave it out":            {Dialect: "x", Readers: &registry.Config{Dialect: "y"}},
		"user contains a NUL character: remove":                       {Dialect: "x", User: "a\x00b"},
		"filename contains a NUL character: remove":                   {Dialect: "x", Filename: "a\x00b"},
		"port is -1: use 1 to 65535":                                  {Dialect: "x", Port: -1},
		"port is 65536: use 1 to 65535":                               {Dialect: "x", Port: 65536},
		"pool.min is 11, more than pool.max, which is 10: lower":      {Dialect: "x", Pool: registry.Pool{Min: 11}},
		"pool.min is 3, more than pool.max, which is 2: lower":        {Dialect: "x", Pool: registry.Pool{Min: 3, Max: 2}},
		"pool.maxIdle is 2, less than pool.min, which is 3: raise":    {Dialect: "x", Pool: registry.Pool{Min: 3, MaxIdle: 2}},
		"pool.maxIdle is -1, less than pool.min, which is 3: raise":   {Dialect: "x", Pool: registry.Pool{Min: 3, MaxIdle: -1}},
		"ssl.ca is not PEM text: give":                                {Dialect: "x", TLS: &registry.TLS{CA: "/etc/ca.pem"}},
		"ssl.ca holds a private key: put":                             {Dialect: "x", TLS: &registry.TLS{CA: key.Reveal()}},
		"ssl.cert has no ssl.key beside it: give":                     {Dialect: "x", TLS: &registry.TLS{Cert: certificate}},
		"ssl.key has no ssl.cert beside it: give":                     {Dialect: "x", TLS: &registry.TLS{Key: key}},
		"ssl.ca is not looked at with rejectUnauthorized=false, which believes any server: set verifyHostname=false": {Dialect: "x", TLS: &registry.TLS{SkipVerify: true, CA: certificate}}, // E9
		"ssl.verifyHostname is false without ssl.ca":                                                                 {Dialect: "x", TLS: &registry.TLS{SkipHostname: true}},
		"filename is a connection string: parse it":                                                                  {Dialect: "sqlite", Filename: "postgres://u:hunter2@h/d"}, // E3
		"database is a connection string: parse it":                                                                  {Dialect: "mysql", Database: "u:hunter2@tcp(h)/d"},
		"user is a connection string: parse it":                                                                      {Dialect: "mssql", User: "server=h;user id=u;password=hunter2"},
		"password ends in a line end: cut it off":                                                                    {Dialect: "x", Password: registry.NewSecret("hunter2\n")}, // E11
		"host contains a colon and is not an IPv6 address: put ":                                                     {Dialect: "x", Host: "a:b:c"},                             // E6
		"host contains a colon and is not an IPv6 address: put  ":                                                    {Dialect: "x", Host: "::::"},
		"host contains a colon and is not an IPv6 address: put   ":                                                   {Dialect: "x", Host: "fe80::1%@evil/x"},
		"ssl.key is not PEM text: give":                                                                              {Dialect: "x", TLS: &registry.TLS{Cert: certificate, Key: registry.NewSecret("hunter2")}},
		"port is -1: use 1 to 65535, or leave it out for the default":                                                {Dialect: "x", Port: -1, Pool: registry.Pool{Min: 99}},
	} {
		err := cfg.Validate()
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "config: "+strings.TrimRight(want, " ")) {
			t.Errorf("got  %v\nwant %s", err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("shows a secret: %v", err)
		}
	}
	for _, cfg := range []registry.Config{
		{Dialect: "postgres"},
		{Dialect: "postgres", Host: "::1"},
		{Dialect: "postgres", Host: "fe80::1%eth0"},
		{Dialect: "postgres", Host: "/var/run/postgresql"},
		{Dialect: "x", Hosts: []string{"a", "b:5433", "::1", "[::1]:5432", "[::2]", "/run/x.sock"}},
		{Dialect: "x", Host: "a", Readers: &registry.Config{Hosts: []string{"b", "c"}}},
		{Dialect: "x", Pool: registry.Pool{Min: 50, Max: -1}},
		{Dialect: "x", Pool: registry.Pool{Min: -1}},
		{Dialect: "x", TLS: &registry.TLS{CA: certificate, Cert: certificate, Key: key}},
	} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%v: %v", cfg, err)
		}
	}
	if err := (registry.Config{Port: -1}).Validate(); strings.Count(err.Error(), "config: ") != 2 {
		t.Errorf("not every problem is told: %v", err)
	}
}

func TestEqual(t *testing.T) {
	base := func() registry.Config {
		return registry.Config{
			Dialect: "x", Password: registry.NewSecret("p"), Params: map[string]string{"a": "b"},
			TLS: &registry.TLS{Key: registry.NewSecret("k")}, Hosts: []string{"a", "b"}, Readers: &registry.Config{Hosts: []string{"c"}},
		}
	}
	a, b := base(), base()
	if !a.Equal(b) {
		t.Error("two configs that say the same are not equal")
	}
	for name, change := range map[string]func(*registry.Config){
		"dialect":    func(c *registry.Config) { c.Dialect = "y" },
		"password":   func(c *registry.Config) { c.Password = registry.NewSecret("q") },
		"key":        func(c *registry.Config) { c.TLS.Key = registry.NewSecret("q") },
		"no tls":     func(c *registry.Config) { c.TLS = nil },
		"params":     func(c *registry.Config) { c.Params["a"] = "c" },
		"pool":       func(c *registry.Config) { c.Pool.Max = 1 },
		"hosts":      func(c *registry.Config) { c.Hosts[1] = "other" },
		"readers":    func(c *registry.Config) { c.Readers.Hosts[0] = "other" },
		"no readers": func(c *registry.Config) { c.Readers = nil },
	} {
		b := base()
		change(&b)
		if a.Equal(b) || b.Equal(a) {
			t.Errorf("a change of the %s is not seen", name)
		}
	}
	clone := a.Clone()
	clone.Params["a"], clone.TLS.CA, clone.Hosts[0], clone.Readers.Hosts[0] = "changed", "changed", "changed", "changed"
	if a.Params["a"] != "b" || a.TLS.CA != "" || a.Hosts[0] != "a" || a.Readers.Hosts[0] != "c" {
		t.Error("a clone shares memory with its original")
	}
	if n := testing.AllocsPerRun(100, func() { a.Equal(b) }); n != 0 {
		t.Errorf("Equal allocates %v times", n)
	}
}

func TestCheckParams(t *testing.T) {
	list := []registry.Param{
		{Name: "mode", Words: []string{"ro", "rw"}},
		{Name: "busy_timeout", Most: 1000},
	}
	checked, err := registry.CheckParams(map[string]string{"mode": "RO", "busy_timeout": "+1000"}, list)
	if want := map[string]string{"mode": "ro", "busy_timeout": "1000"}; err != nil || !maps.Equal(checked, want) {
		t.Errorf("got %v, %v; want %v", checked, err, want)
	}
	_, err = registry.CheckParams(map[string]string{"mode": "hunter2", "busy_timeout": "1001", "mod": "hunter2", "other": ""}, list)
	want := `config: params.busy_timeout must be an integer from 0 to 1000
config: params.mod is not known: did you mean "mode"? use one of busy_timeout, mode
config: params.mode must be one of ro, rw
config: params.other is not known: use one of busy_timeout, mode`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := registry.CheckParams(map[string]string{"x": ""}, nil); err == nil || !strings.Contains(err.Error(), "leave it out") {
		t.Error(err)
	}
}
