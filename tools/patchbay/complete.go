package main

import (
	"io"
	"maps"
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

// completionCommand is cobra's, but for an error that repeats what was given.
func completionCommand(root *cobra.Command) *cobra.Command {
	shells := map[string]func(io.Writer) error{
		"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh":        root.GenZshCompletion,
		"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": root.GenPowerShellCompletionWithDesc,
	}
	names := slices.Sorted(maps.Keys(shells))
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands, connections and flags",
		Long: `Print the script by which a shell completes commands, the connections of a config, and flags. To install it:

  bash        patchbay completion bash > ~/.local/share/bash-completion/completions/patchbay
              (needs the package bash-completion; start a new shell)
  zsh         patchbay completion zsh > ~/.zsh/completions/_patchbay
              (with fpath=(~/.zsh/completions $fpath) before compinit in ~/.zshrc)
  fish        patchbay completion fish > ~/.config/fish/completions/patchbay.fish
  PowerShell  patchbay completion powershell >> $PROFILE

For one session: source <(patchbay completion bash)`,
		Args: arguments(1, 1, "bash|zsh|fish|powershell"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			generate, ok := shells[args[0]]
			if !ok {
				return usagef("unknown shell: write patchbay completion %s", strings.Join(names, "|"))
			}
			return generate(cmd.OutOrStdout())
		},
	}
}

func completeFormat(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(rows.Formats(), cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not there: a mistake in this file
	}
}
