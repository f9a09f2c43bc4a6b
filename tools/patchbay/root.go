package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/patchbay-go/patchbay/internal/spell"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "patchbay",
		Short: "Look at SQL databases with the drivers that this program was built with",
		Long: `Look at SQL databases with the drivers that this program was built with.

A database is named by a URL, the file of an SQLite database, or a config that names several:

  postgres://app@db.example/shop?ssl=true     mysql://app@db.example/shop
  sqlite:app.db   app.db   sqlite::memory:    mssql://sa@db.example/shop

  connections:                                # app.yaml; app.yaml:main is the first of them
    main: {dialect: postgres, host: db.example, user: app, password: "${DB_PASSWORD}", database: shop, ssl: true}
    events: sqlite:events.db

Without ssl a connection is plaintext. A password may be in PATCHBAY_PASSWORD, in a file (--password-file), in .pgpass (--pgpass),
or asked for (-W), so that it is not on the command line. "patchbay url" reads the connection strings of other programs.

The exit status is 0 if all went well, 1 if a database could not be reached or refused, 2 if nothing could be tried, 124 at the end
of a timeout, and 130 after an interrupt.`,
		Example: `  patchbay ping app.yaml
  patchbay query app.yaml:main "select count(*) from orders"`,
		Version:       version(),
		SilenceErrors: true, // main prints them
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
		Args: cobra.ArbitraryArgs, // cobra's own check would print a URL that has no command before it
	}
	root.AddCommand(pingCommand(), queryCommand(), urlCommand(), serveCommand(), driversCommand(), tagsCommand(), completionCommand(root), versionCommand())
	root.SetHelpCommand(helpCommand(root))
	root.CompletionOptions.DisableDefaultCmd = true // it prints an argument that is none of its own
	root.SetFlagErrorFunc(flagError)
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version of this program",
		Args:              arguments(0, 0, ""),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := thisProgram()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "patchbay %s, %s, %s, tags: %s\n", version(), p.Go, p.Platform, dash(strings.Join(p.Tags, ",")))
			return err
		},
	}
}

// helpCommand is cobra's, but for an error that repeats what was given.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || cmd == nil || len(rest) > 0 {
				return unknownCommand(root, args[0])
			}
			return cmd.Help()
		},
	}
}

// bare marks an argument that begins with two dashes and is SQL with a comment, not a flag. No argument of a process can have
// the mark in it.
const bare = "\x00"

// escape marks what no flag can be: "--" and something else than a name.
func escape(args []string) []string {
	marked := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(marked[:i], args[i:]...)
		}
		marked[i] = arg
		name, isLong := strings.CutPrefix(arg, "--")
		name, _, _ = strings.Cut(name, "=")
		if isLong && strings.ContainsFunc(name, unicode.IsSpace) {
			marked[i] = bare + arg
		}
	}
	return marked
}

// released is the version of a binary of the release workflow, which is built from a checkout.
var released string

func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func unknownCommand(root *cobra.Command, arg string) error {
	if isURL(arg) {
		return usagef("no command before the URL: write patchbay ping or patchbay query")
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	hint := "use " + strings.Join(names, ", ")
	if nearest := spell.Nearest(arg, names); nearest != "" {
		hint = fmt.Sprintf("did you mean %s? %s", nearest, hint)
	}
	return usagef("unknown command: %s", hint)
}

// flagError words the errors of the flag parser anew, because it quotes what it was given, and that may be a
// URL in the wrong place.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		value   *pflag.InvalidValueError
		none    *pflag.ValueRequiredError
	)
	see := "see " + cmd.CommandPath() + " --help"
	switch {
	case errors.As(err, &value):
		return usagef("--%s cannot have this value: write %s", value.GetFlag().Name, forms[value.GetFlag().Value.Type()])
	case errors.As(err, &none):
		return usagef("--%s has no value: %s", none.GetFlag().Name, see)
	case errors.As(err, &unknown):
		if cmd.Name() == "query" {
			switch name := unknown.GetSpecifiedName(); name {
			case "csv", "tsv", "json", "jsonl", "table":
				return usagef("unknown flag: did you mean --format %s? %s", name, see)
			case "c", "e", "execute", "command", "sql":
				return usagef("unknown flag: the SQL is an argument after the connection: %s", see)
			}
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if nearest := spell.Nearest(unknown.GetSpecifiedName(), names); nearest != "" && unknown.GetSpecifiedShortnames() == "" {
			return usagef("unknown flag: did you mean --%s? %s", nearest, see)
		}
		return usagef("unknown flag: %s, or put -- before an argument that starts with a dash", see)
	}
	return usagef("the flags cannot be read: %s", see)
}

// forms is what to write for each type of flag.
var forms = map[string]string{
	"duration": `a time with its unit, such as "30s"`,
	"bool":     "it without a value",
	"string":   "a text",
}

// arguments checks their number without quoting any.
func arguments(least, most int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("an argument is missing: write %s %s", cmd.CommandPath(), usage)
		case most >= 0 && len(args) > most:
			return usagef("too many arguments: write %s %s", cmd.CommandPath(), usage)
		}
		return nil
	}
}
