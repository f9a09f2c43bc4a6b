package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/manager/configfile"
)

type ping struct {
	wait   time.Duration
	asJSON bool
}

func pingCommand() *cobra.Command {
	var p ping
	cmd := &cobra.Command{
		Use:   "ping URL|CONFIG [NAME...]",
		Short: "Tell whether databases answer",
		Long: `Open databases side by side, and tell for each the version of the server, how long opening took and a round
trip afterwards, or what is wrong and what to do about it. Without names all connections of the config are
tried. Nothing is created: the file of an SQLite database must exist.

The exit status is 0 if all answered, 1 if one that was tried did not, and 2 if the rest could not be tried.`,
		Example: `  patchbay ping postgres://app@localhost/shop
  patchbay ping app.yaml main replica --wait 30s`,
		Args:              arguments(1, -1, "URL|CONFIG [NAME...]"),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.wait < 0 {
				return usagef("--wait is negative: write a time such as 30s, or leave it out")
			}
			list, err := connections(args[0], args[1:])
			if err != nil {
				return err
			}
			return p.run(cmd.Context(), list, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().DurationVar(&p.wait, "wait", 0, "keep trying for this time what may come up (default: try once)")
	cmd.Flags().BoolVar(&p.asJSON, "json", false, "print JSON, failures included")
	return cmd
}

func (p ping) run(ctx context.Context, list []connection, out, errOut io.Writer) error {
	type numbered struct {
		i int
		result
	}
	arrived := make(chan numbered)
	for i, c := range list {
		go func() { arrived <- numbered{i, probe(ctx, c, p.wait)} }()
	}
	width := 0
	for _, c := range list {
		if c.name != configfile.Unnamed {
			width = max(width, len(c.name)+2)
		}
	}
	results := make([]result, len(list))
	status := exitOK
	for range list {
		n := <-arrived
		results[n.i] = n.result
		switch {
		case n.OK:
		case n.Attempts > 0:
			status = exitFailed
		case status == exitOK:
			status = exitUsage
		}
		if !p.asJSON {
			n.print(out, errOut, width)
		}
	}
	if p.asJSON {
		if err := printJSON(out, results); err != nil {
			return err
		}
	}
	if status != exitOK {
		return statusError(status)
	}
	return nil
}

// print writes a line: what answers to out, what does not to errOut. width is that of the names.
func (r result) print(out, errOut io.Writer, width int) {
	name := ""
	if width > 0 {
		name = fmt.Sprintf("%-*s", width, r.Name)
	}
	if r.OK {
		fmt.Fprintf(out, "ok    %s%s  %s  opened in %.1f ms, ping %.2f ms\n", name, oneLine(r.Target), dash(r.Version), r.Open, r.Ping)
		return
	}
	hint := ""
	if r.Hint != "" {
		hint = "; " + r.Hint
	}
	fmt.Fprintf(errOut, "fail  %s%s  %s: %s%s\n", name, dash(oneLine(r.Target)), r.Kind, r.Error, hint)
}
