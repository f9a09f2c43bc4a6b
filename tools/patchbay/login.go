package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/conn/credentials/command" // providers that a config may name
	_ "github.com/patchbay-go/patchbay/conn/credentials/pgpass"
)

// passwordVariable is the environment variable with the password of connections that have none of their own.
const passwordVariable = "PATCHBAY_PASSWORD"

// login says where the password comes from if not from the URL or the config, so that it need not be on the command line,
// where every user of the machine can read it.
type login struct {
	ask    bool
	file   string
	pgpass bool

	asked *conn.Secret
}

func (l *login) flags(f *pflag.FlagSet) {
	f.BoolVarP(&l.ask, "password", "W", false, "ask for the password (without it, "+passwordVariable+" is used if it is set)")
	f.StringVar(&l.file, "password-file", "", "read the password from the first line of `FILE`")
	f.BoolVar(&l.pgpass, "pgpass", false, "look the password up in .pgpass or the file that PGPASSFILE names")
}

// complete adds the password to a config. One that names its own is left alone by the environment, not by a flag.
func (l *login) complete(cfg conn.Config) (conn.Config, error) {
	ways := 0
	for _, given := range []bool{l.ask, l.file != "", l.pgpass} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return cfg, usagef("the password comes from more than one place: use either --password, --password-file or --pgpass")
	}
	if dialectOf(cfg) == "sqlite" {
		return cfg, nil
	}
	cfg = cfg.Clone()
	given := !cfg.Password.IsZero() || cfg.PasswordFile != "" || cfg.Credentials.Provider != "" || !cfg.DSN.IsZero()
	variable := os.Getenv(passwordVariable)
	switch {
	case ways > 0:
		cfg.Password, cfg.PasswordFile, cfg.Credentials = conn.Secret{}, "", conn.Credentials{}
	case given || variable == "":
		return cfg, nil
	default:
		cfg.Password = conn.NewSecret(variable)
	}
	switch {
	case l.ask:
		if l.asked == nil {
			password, err := prompt(fmt.Sprintf("Password for %s:", target(cfg)))
			if err != nil {
				return cfg, err
			}
			l.asked = &password
		}
		cfg.Password = *l.asked
	case l.file != "":
		cfg.PasswordFile = l.file
	case l.pgpass:
		cfg.Credentials = conn.Credentials{Provider: "pgpass"}
	}
	return cfg, nil
}

// prompt reads a line from the terminal, which does not show it. Standard input may be the SQL.
func prompt(text string) (conn.Secret, error) {
	none := usagef("there is no terminal to ask for the password on: use --password-file, or set %s", passwordVariable)
	in, err := openTerminal()
	if err != nil {
		return conn.Secret{}, none
	}
	defer in.Close()
	state, err := term.MakeRaw(int(in.Fd())) // before the prompt, so that nothing is shown of an early answer
	if err != nil {
		return conn.Secret{}, none
	}
	restore := func() { _ = term.Restore(int(in.Fd()), state) }
	defer restore()
	interruption.set(restore)
	defer interruption.set(nil)
	password, err := term.NewTerminal(in, "").ReadPassword(oneLine(text) + " ")
	if errors.Is(err, io.EOF) { // what Ctrl-C and Ctrl-D are there
		return conn.Secret{}, &ended{"interrupted", exitInterrupted}
	}
	if err != nil {
		return conn.Secret{}, untried{fmt.Errorf("read the password: %w", err)}
	}
	return conn.NewSecret(password), nil
}
