package mssql

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

var _ registry.Native = (*dialect)(nil)

// Import moves the words of go-mssqldb, ADO.NET, ODBC and JDBC from Params into the fields that they mean.
func (*dialect) Import(cfg *registry.Config) error {
	r := &reading{hasTLS: cfg.TLS != nil}
	rest := make(map[string]string)
	for _, name := range names(cfg.Params) {
		if w, known := wordOf(name); !known {
			rest[name] = cfg.Params[name] // an error of the connector, which names what is near
		} else if problem, cure := r.take(w, cfg.Params[name]); problem != "" {
			return r.wrong(problem, cure)
		}
	}
	cfg.Params = rest
	return r.wrong(r.into(cfg))
}

// reading is what the words of a connection string come to.
type reading struct {
	said   registry.Config
	at     string // the name that an error is about
	hasTLS bool   // the Config says itself what TLS there is

	encrypt, trust, name, ca, version string        // of TLS, which they only say together
	given                             string        // the first of these that is given, by its name
	dial, login                       time.Duration // timeouts; negative: none
	partner, partnerPort              string        // the second server, of database mirroring
}

// names returns the keys in their order.
func names(texts map[string]string) []string { return slices.Sorted(maps.Keys(texts)) }

// word is a parameter in the connection strings of SQL Server's clients.
type word struct {
	names string // its spellings, separated by commas: case, blanks, _ and - do not count
	taker
}

type taker interface {
	take(r *reading, value string) (problem, cure string)
}

func (w word) name() string { name, _, _ := strings.Cut(w.names, ", "); return name }

// fold returns a name as it is compared.
func fold(name string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" _-+", c) {
			return -1
		}
		return c
	}, strings.ToLower(name))
}

func wordOf(name string) (word, bool) {
	name = fold(name)
	for _, w := range words {
		if slices.ContainsFunc(strings.Split(w.names, ", "), func(spelling string) bool { return fold(spelling) == name }) {
			return w, true
		}
	}
	return word{}, false
}

// take does what a word means. An empty value says nothing, as in ADO.NET.
func (r *reading) take(w word, value string) (problem, cure string) {
	if value == "" {
		return "", ""
	}
	r.at = w.name()
	return w.take(r, value)
}

// wrong is the error for the word that was read last.
func (r *reading) wrong(problem, cure string) error {
	if problem == "" {
		return nil
	}
	return &registry.ConfigError{Field: r.at, Problem: problem, Cure: cure}
}

func twice() (problem, cure string) {
	return "is given twice, in two spellings or places", "keep one of them"
}

// boolean reads what the clients take for true and false.
func boolean(value string) (on, ok bool) {
	switch strings.ToLower(value) {
	case "true", "yes", "1", "t", "on", "enabled", "sspi":
		return true, true
	case "false", "no", "0", "f", "off", "disabled":
		return false, true
	}
	return false, false
}

func (r *reading) keep(name, value string) (problem, cure string) {
	return r.put(&r.said.Params, name, value)
}

func (r *reading) set(name, value string) (problem, cure string) {
	return r.put(&r.said.Session, name, value)
}

func (r *reading) put(m *map[string]string, name, value string) (problem, cure string) {
	r.at = name
	said := (*m)[name]
	if problem, cure := one(&said, value); problem != "" {
		return problem, cure
	}
	if *m == nil {
		*m = make(map[string]string)
	}
	(*m)[name] = value
	return "", ""
}

func (r *reading) port(value string) (problem, cure string) {
	r.at = "port"
	n, err := strconv.ParseUint(value, 10, 16)
	switch {
	case err != nil || n == 0:
		return "is not a number from 1 to 65535", "correct it"
	case r.said.Port != 0 && r.said.Port != int(n):
		return twice()
	}
	r.said.Port = int(n)
	return "", ""
}

// into completes cfg with what the words say: what it says already wins.
func (r *reading) into(cfg *registry.Config) (problem, cure string) {
	t, problem, cure := r.tls()
	if problem != "" {
		return problem, cure
	}
	r.said.ConnectTimeout = max(r.dial, r.login)
	if r.said.ConnectTimeout == 0 {
		r.said.ConnectTimeout = min(r.dial, r.login)
	}
	if r.said.Host == "" && cfg.Port == 0 { // a port by itself is that of the host
		cfg.Port, r.said.Port = r.said.Port, 0
	}
	r.said.TLS = t
	cfg.Complete(&r.said)
	return r.addPartner(cfg)
}

// tls returns what the words about TLS come to.
// https://learn.microsoft.com/sql/connect/ado-net/encryption
func (r *reading) tls() (t *registry.TLS, problem, cure string) {
	r.at = "encrypt"
	switch strings.ToLower(r.encrypt) {
	case "":
		if r.given != "" && !r.hasTLS {
			r.at = r.given
			return nil, "is given without encrypt, which means encryption to some clients and none to others", "add encrypt=true, or leave it out for plaintext"
		}
		return nil, "", ""
	case "disable":
		return nil, "", ""
	case "true", "mandatory", "yes", "1", "t", "on":
	case "strict":
		r.trust = "" // which strict encryption heeds in no client
		if problem, cure := r.keep("strict", "true"); problem != "" {
			return nil, problem, cure
		}
	case "false", "optional", "no", "0", "f", "off":
		return nil, "is a word for encrypting the login alone and sending the rest as plaintext", "write encrypt=true, or encrypt=disable for plaintext"
	default:
		return nil, "must be one of true, strict, disable", "correct it"
	}
	t = &registry.TLS{ServerName: r.name, CAFile: r.ca}
	on, ok := boolean(r.trust)
	if t.SkipVerify = on; !ok && r.trust != "" {
		r.at = "TrustServerCertificate"
		return nil, "must be true or false", "correct it"
	}
	if r.version != "" && r.version != "1.2" { // crypto/tls speaks no lower one
		r.at = "tlsmin"
		return nil, "cannot be set: 1.2 is the lowest version that is spoken, and the highest of both sides is used", "leave it out"
	}
	return t, "", ""
}

// addPartner makes hosts of a server and its failover partner, which the clients try after it.
// https://learn.microsoft.com/sql/database-engine/database-mirroring/connect-clients-to-a-database-mirroring-session-sql-server
func (r *reading) addPartner(cfg *registry.Config) (problem, cure string) {
	r.at = "failoverport"
	if r.partner == "" {
		if r.partnerPort != "" {
			return "is given without failoverpartner", "leave it out"
		}
		return "", ""
	}
	r.at = "failoverpartner"
	partner, err := parseServer(r.partner)
	instance := cfg.Params["instance"]
	if err == nil && r.partnerPort != "" && partner.port == 0 && partner.instance == "" {
		partner, err = parseServer(net.JoinHostPort(partner.host, r.partnerPort))
	}
	switch {
	case err != nil:
		return err.Error(), "correct it"
	case len(cfg.Hosts) > 0:
		return "is given beside hosts", "add it to them"
	case partner.instance != "" && !strings.EqualFold(partner.instance, instance):
		return "names another instance than the server", "write hosts, with the port of each"
	case partner.instance == "" && partner.port == 0 && instance != "":
		partner.port = defaultPort
	}
	cfg.Hosts = []string{registry.JoinHostPort(network.Host(cfg), cfg.Port), registry.JoinHostPort(partner.host, partner.port)}
	cfg.Host, cfg.Port = "", 0
	return "", ""
}

const defaultPort = 1433
