package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/registry"
)

func driversCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "drivers",
		Short:             "List the drivers that are linked in, and those that could be",
		Args:              arguments(0, 0, ""),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := thisProgram()
			if asJSON {
				return printJSON(cmd.OutOrStdout(), p)
			}
			return p.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// program is what patchbay was built from.
type program struct {
	Platform string       `json:"platform"`
	Go       string       `json:"go"`
	Tags     []string     `json:"tags"`
	Drivers  []driverInfo `json:"drivers"`
}

type driverInfo struct {
	registry.Info
	Linked  bool   `json:"linked"`
	Version string `json:"version,omitempty"` // of the module, where it is linked
	Missing string `json:"missing,omitempty"` // why it is not linked, and what to do
}

func thisProgram() program {
	p := program{Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Tags: []string{}}
	modules := make(map[string]string)
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, m := range build.Deps {
			path := m.Path
			for m.Replace != nil {
				m = m.Replace
			}
			modules[path] = m.Version
		}
		for _, s := range build.Settings {
			if s.Key == "-tags" {
				p.Tags = strings.FieldsFunc(s.Value, func(c rune) bool { return c == ',' || c == ' ' })
			}
		}
	}
	all := registry.Known()
	for _, info := range registry.Linked() {
		if _, known := registry.Describe(info.Dialect); !known {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b registry.Info) int { return strings.Compare(a.Dialect, b.Dialect) })
	for _, info := range all {
		d := driverInfo{Info: info}
		if _, err := registry.Lookup(info.Dialect); err != nil {
			d.Missing = err.Error()
		} else {
			d.Linked, d.Version = true, modules[info.Module]
		}
		p.Drivers = append(p.Drivers, d)
	}
	return p
}

func (p program) print(w io.Writer) error {
	fmt.Fprintf(w, "%s, %s, tags: %s\n\n", p.Platform, p.Go, dash(strings.Join(p.Tags, ",")))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DIALECT\tLINKED\tTAG\tPORT\tALIASES\tMODULE\tVERSION\tIMPORT")
	for _, d := range p.Drivers {
		linked, port := "no", ""
		if d.Linked {
			linked = "yes"
		}
		if d.Port != 0 {
			port = strconv.Itoa(d.Port)
		}
		fmt.Fprintln(t, strings.Join([]string{
			d.Dialect, linked, dash(d.Tag), dash(port), dash(strings.Join(d.Aliases, ",")),
			dash(d.Module), dash(d.Version), dash(d.Import),
		}, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	before := "\n"
	for _, d := range p.Drivers {
		if d.Missing != "" {
			fmt.Fprint(w, before, d.Missing, "\n")
			before = ""
		}
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
