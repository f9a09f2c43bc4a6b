package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

// completeFirst completes a URL up to its dialect, the path of a config, and its connections after the colon.
func completeFirst(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if path, name := splitName(start); path != start && !isURL(start) {
		var list []string
		for _, n := range namesIn(path) {
			if strings.HasPrefix(n, name) {
				list = append(list, path+":"+n)
			}
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	for _, info := range registry.Linked() {
		scheme := info.Dialect + "://"
		if info.Files {
			scheme = info.Dialect + ":"
		}
		if start != "" && strings.HasPrefix(scheme, start) {
			list = append(list, scheme)
		}
	}
	return list, cobra.ShellCompDirectiveNoSpace
}

// completeNames completes as completeFirst does, and then the connections that are not given yet.
func completeNames(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeFirst(cmd, args, start)
	}
	if isURL(args[0]) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(namesIn(args[0]), func(name string) bool {
		return slices.Contains(args[1:], name) || !strings.HasPrefix(name, start)
	}), cobra.ShellCompDirectiveNoFileComp
}

// namesIn lists the connections of a config; none where it cannot be read, as completion has nobody to tell.
func namesIn(path string) []string {
	f, err := configfile.Read(path)
	if err != nil {
		return nil
	}
	return f.Names()
}

func completeFormat(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(rows.Formats(), cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not there: a mistake in this file
	}
}
