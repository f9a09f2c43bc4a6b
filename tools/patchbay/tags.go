package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/registry"
)

func tagsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "tags CONFIG...",
		Short: "Print the build tags that the connections of config files need",
		Long: `Print the smallest value of -tags with which a program opens all connections of the files:

  go build -tags "$(patchbay tags app.yaml)"

Only the dialect of each connection is looked at. Variables that it does not depend on need not be set.`,
		Args: arguments(1, -1, "CONFIG..."),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return configSuffixes, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			tags, err := tagsOf(args)
			if err != nil {
				return untried{err}
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(tags, ","))
			return err
		},
	}
}

// tagsOf returns the tags of the dialects in the files, sorted, each once.
func tagsOf(paths []string) ([]string, error) {
	var tags []string
	var errs []error
	for _, path := range paths {
		f, err := readConfig(path, "the argument is not the path of a config file: write app.yaml, without the name of a connection")
		if err != nil {
			return nil, err
		}
		for _, name := range f.Names() {
			dialect, err := f.Dialect(name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			tag, err := tagOf(dialect)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: connection %q: %w", path, name, err))
			} else if tag != "" {
				tags = append(tags, tag)
			}
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags), errors.Join(errs...)
}

// tagOf returns the tag of a dialect, which need not be linked into this program.
func tagOf(dialect string) (string, error) {
	if info, ok := registry.Describe(dialect); ok {
		return info.Tag, nil
	}
	d, err := registry.Lookup(dialect)
	if err != nil {
		return "", err
	}
	return d.Info().Tag, nil
}
