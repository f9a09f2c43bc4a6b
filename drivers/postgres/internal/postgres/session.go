package postgres

import (
	"strings"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// serversOwn is the value of timezone that leaves it to the server, the role and the database.
const serversOwn = "default"

// setting is what a word becomes that nothing else knows. The server does not tell upper case from lower in names.
func setting(name, value string) (string, string, error) {
	name = strings.ToLower(name)
	switch {
	case strings.HasPrefix(name, "_pq_."):
		return "", "", network.Refuse("is an extension of the protocol, and no setting", "leave it out")
	case !network.IsWord(name, ".$"):
		return "", "", network.Refuse("is no name of a setting", "correct it")
	}
	return name, value, nil
}

// sessionOf checks Session and returns what the startup message says of it, where the server reads every value as the
// whole value of one setting. https://www.postgresql.org/docs/current/protocol-message-formats.html StartupMessage
func sessionOf(cfg *registry.Config) (map[string]string, error) {
	if err := words.CheckSession(cfg.Session); err != nil {
		return nil, err
	}
	session := make(map[string]string, len(cfg.Session))
	for name, value := range cfg.Session {
		key, _, err := setting(name, "")
		if err != nil {
			return nil, wrong("session."+name, "is an extension of the protocol, and no setting", "leave it out")
		}
		session[key] = value
	}
	if settings, _, err := splitOptions(session["options"]); err != nil || len(settings) > 0 {
		return nil, wrong("session.options", "holds settings", "write each as session.name")
	}
	return session, nil
}
