package main

import (
	"errors"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/patchbay-go/patchbay/registry"
)

type urlOf struct {
	dialect string
	format  string
	reveal  bool
}

func urlCommand() *cobra.Command {
	var u urlOf
	cmd := &cobra.Command{
		Use:   "url CONNECTION|CONFIG[:NAME]",
		Short: "Print a connection string in Patchbay's own form",
		Long: `Read a connection string, whatever library or program it is for, and print what it means here, as a URL, as JSON
or as YAML. It may be a URL, words such as host=db user=app (libpq), app@tcp(db:3306)/shop (go-sql-driver), server=db;user id=sa
(ADO), file:app.db (SQLite), or a config. - reads it from standard input, so that no password is on the command line.
Passwords and keys are printed as [redacted] unless --reveal is given. Nothing is opened.`,
		Example: `  patchbay url "host=db.example dbname=shop user=app sslmode=verify-full"
  echo "$DSN" | patchbay url --dialect mysql --format yaml -`,
		Args:              arguments(1, 1, "CONNECTION|CONFIG[:NAME]"),
		ValidArgsFunction: completeFirst,
		RunE: func(cmd *cobra.Command, args []string) error {
			return u.run(args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&u.dialect, "dialect", "", "`NAME` of the dialect, where the form of the string does not tell: "+strings.Join(dialectNames(), ", "))
	f.StringVar(&u.format, "format", "url", "`FORM` of the output: url, json or yaml")
	f.BoolVar(&u.reveal, "reveal", false, "print passwords and keys")
	if err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"url", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag is not there: a mistake in this file
	}
	if err := cmd.RegisterFlagCompletionFunc("dialect", cobra.FixedCompletions(dialectNames(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
	return cmd
}

func dialectNames() []string {
	var names []string
	for _, info := range registry.Known() {
		names = append(names, info.Dialect)
	}
	return names
}

func (u urlOf) run(arg string, in io.Reader, out io.Writer) error {
	if u.format != "url" && u.format != "json" && u.format != "yaml" {
		return usagef("--format cannot have this value: use url, json or yaml")
	}
	if arg == "-" {
		text, err := io.ReadAll(io.LimitReader(in, 1<<20))
		if err != nil {
			return untried{err}
		}
		arg = strings.TrimSpace(string(text))
	}
	cfg, err := u.read(arg)
	if err != nil {
		return err
	}
	var text string
	switch u.format {
	case "url":
		text, err = asURL(cfg, u.reveal)
	default:
		text, err = asObject(cfg, u.reveal, u.format)
	}
	if err != nil {
		return untried{err}
	}
	_, err = io.WriteString(out, strings.TrimSuffix(text, "\n")+"\n")
	return err
}

// read returns the config that a text means.
func (u urlOf) read(text string) (registry.Config, error) {
	dialect := u.dialect
	if dialect == "" && isURL(text) {
		scheme, _, _ := strings.Cut(text, ":")
		cfg, err := registry.ParseURL(text)
		if err == nil {
			_, err = registry.Default().Resolve(&cfg)
		}
		if err != nil {
			if own, failed := registry.ParseDSN(scheme, text); failed == nil {
				return own, nil
			}
			return cfg, untried{err}
		}
		return cfg, nil
	}
	if dialect == "" {
		dialect = dialectIn(text)
	}
	if dialect == "" {
		path, _ := splitName(text)
		if _, err := os.Stat(path); err != nil {
			return registry.Config{}, usagef("the form of the text does not tell the dialect, and it is no file: add --dialect, such as --dialect mysql")
		}
		c, err := single(text, false)
		if err != nil {
			return c.cfg, err
		}
		if _, err := registry.Default().Resolve(&c.cfg); err != nil {
			return c.cfg, untried{err}
		}
		return c.cfg, nil
	}
	cfg, err := registry.ParseDSN(dialect, text)
	if err != nil {
		return cfg, untried{err}
	}
	return cfg, nil
}

// dsnForms are what only the connection strings of one dialect have in them.
var dsnForms = []struct {
	dialect string
	form    *regexp.Regexp
}{
	{"postgres", regexp.MustCompile(`(?i)^jdbc:postgres`)},
	{"mysql", regexp.MustCompile(`(?i)^jdbc:(mysql|mariadb)`)},
	{"mssql", regexp.MustCompile(`(?i)^(jdbc:sqlserver|odbc:)`)},
	{"sqlite", regexp.MustCompile(`(?i)^(jdbc:sqlite|file:)`)},
	{"mssql", regexp.MustCompile(`(?i)(^|;)\s*(server|data source|address|addr|network address)\s*=`)},
	{"mysql", regexp.MustCompile(`^([^@]*@)?(tcp|unix)\(`)},
	{"mysql", regexp.MustCompile(`^[^\s/=]*:.*@/`)},
	{"postgres", regexp.MustCompile(`(^|\s)(host|hostaddr|dbname|user|port|sslmode)\s*=`)},
}

// dialectIn tells the dialect by the form of a connection string, or returns "".
func dialectIn(text string) string {
	for _, f := range dsnForms {
		if f.form.MatchString(text) {
			return f.dialect
		}
	}
	return ""
}

const redacted = "[redacted]"

// asURL puts the secrets into the URL that shows none. It is read back, so that it cannot be another config.
func asURL(cfg registry.Config, reveal bool) (string, error) {
	text := cfg.String()
	if !reveal {
		return text, nil
	}
	if !cfg.Password.IsZero() {
		text = strings.Replace(text, ":"+redacted+"@", ":"+escapeURL(cfg.Password.Reveal())+"@", 1)
	}
	if cfg.TLS != nil {
		text = strings.Replace(text, "ssl.key="+redacted, "ssl.key="+escapeURL(cfg.TLS.Key.Reveal()), 1)
	}
	for name, value := range cfg.Params {
		for _, before := range []string{"?", "&"} {
			text = strings.Replace(text, before+escapeURL(name)+"="+redacted, before+escapeURL(name)+"="+escapeURL(value), 1)
		}
	}
	if again, err := registry.ParseURL(text); err != nil || !again.Equal(cfg) {
		return "", errors.New("a URL cannot say this config with its secrets: use --format json")
	}
	return text, nil
}

func escapeURL(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func asObject(cfg registry.Config, reveal bool, format string) (string, error) {
	value, err := cfg.MarshalYAML()
	if err != nil {
		return "", err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return "", errors.New("a config is not an object")
	}
	if reveal {
		if !cfg.Password.IsZero() {
			object["password"] = cfg.Password.Reveal()
		}
		if ssl, ok := object["ssl"].(map[string]any); ok && !cfg.TLS.Key.IsZero() {
			ssl["key"] = cfg.TLS.Key.Reveal()
		}
		if params, ok := object["params"].(map[string]any); ok {
			for name, value := range cfg.Params {
				params[name] = value
			}
		}
	}
	var b strings.Builder
	if format == "yaml" {
		e := yaml.NewEncoder(&b)
		e.SetIndent(2)
		err = e.Encode(object)
	} else {
		err = printJSON(&b, object)
	}
	return b.String(), err
}
