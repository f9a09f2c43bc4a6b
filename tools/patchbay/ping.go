package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

type ping struct {
	wait   time.Duration
	watch  time.Duration
	asJSON bool
	login  login
}

func pingCommand() *cobra.Command {
	var p ping
	cmd := &cobra.Command{
		Use:   "ping URL|FILE|CONFIG [NAME...]",
		Short: "Tell whether databases answer",
		Long: `Open databases side by side, and tell for each the version of the server, how long opening took and a round
trip afterwards, or what is wrong and what to do about it. Without names all connections of the config are
tried. The lines are in the order of the config, or of the names. Nothing is created: the file of an SQLite database must exist.

The exit status is 0 if all answered, 1 if one did not, and 2 if one could not be tried, as its config has a mistake, and
the others answered.`,
		Example: `  patchbay ping postgres://app@localhost/shop
  patchbay ping app.yaml main replica --wait 30s
  patchbay ping app.yaml --watch=5s`,
		Args:              arguments(1, -1, "URL|FILE|CONFIG [NAME...]"),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case p.wait < 0:
				return usagef("--wait is negative: write a time such as 30s, or leave it out")
			case p.watch < 0:
				return usagef("--watch is negative: write a time such as 5s, or leave it out")
			case p.watch > 0 && p.asJSON:
				return usagef("--watch and --json exclude each other: leave out one")
			}
			list, err := connections(args[0], args[1:], false)
			if err != nil {
				return err
			}
			if p.login.ask && len(list) > 1 {
				return usagef("--password asks for one password, and there are several connections: name one of them")
			}
			for i, c := range list {
				if c.err != nil {
					continue
				}
				if list[i].cfg, err = p.login.complete(c.cfg); err != nil {
					return err
				}
			}
			return p.run(cmd.Context(), list, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.DurationVar(&p.wait, "wait", 0, "keep trying for this `TIME` what may come up (default: try once)")
	f.DurationVar(&p.watch, "watch", 0, "try again and again, with this `TIME` in between, until an interrupt")
	f.Lookup("watch").NoOptDefVal = "2s"
	f.BoolVar(&p.asJSON, "json", false, "print JSON, failures included")
	p.login.flags(f)
	return cmd
}

func (p ping) run(ctx context.Context, list []connection, out io.Writer) error {
	width, color := terminal(out)
	status := exitOK
	for {
		b := newBoard(list, out, width, color)
		if p.asJSON {
			b.out = io.Discard
		}
		results := p.round(ctx, list, b)
		if p.watch > 0 && ctx.Err() != nil { // what an interrupt has cut short is not the state of anything
			return statusOf(status)
		}
		if p.asJSON {
			if err := printJSON(out, results); err != nil {
				return err
			}
		} else if err := b.sum(results, p.watch > 0); err != nil {
			return err
		}
		status = exitOf(results)
		if p.watch > 0 {
			select {
			case <-ctx.Done():
				return statusOf(status)
			case <-time.After(p.watch):
				continue
			}
		}
		if e, ok := context.Cause(ctx).(*ended); ok && status != exitOK {
			status = e.status
		}
		return statusOf(status)
	}
}

// statusOf is the error by which the command ends with a status, of which all is printed already.
func statusOf(status int) error {
	if status == exitOK {
		return nil
	}
	return statusError(status)
}

// round tries all connections once, or for as long as wait says.
func (p ping) round(ctx context.Context, list []connection, b *board) []result {
	results := make([]result, len(list))
	var all sync.WaitGroup
	for i, c := range list {
		all.Go(func() {
			results[i] = probe(ctx, c, p.wait, func(r result) { b.waits(i, r) })
			if p.watch == 0 || ctx.Err() == nil {
				b.done(i, results[i])
			}
		})
	}
	stop := b.refresh()
	all.Wait()
	stop()
	return results
}

func exitOf(results []result) int {
	status := exitOK
	for _, r := range results {
		switch {
		case r.OK:
		case r.Attempts > 0:
			return exitFailed
		default:
			status = exitUsage
		}
	}
	return status
}

// board prints a line for each connection, in their order. On a terminal those that are not done are there as well, and are
// written anew as they change; elsewhere a line is printed when it and all before it are done.
type board struct {
	out    io.Writer
	width  int // of the terminal; 0 if it is none
	color  bool
	start  time.Time
	name   int // widths of columns
	target int

	mu    sync.Mutex
	list  []connection
	lines []string // of those that are done
	last  []result // of those that are not
	drawn int      // lines on the terminal
	told  int      // lines printed elsewhere
	err   error
}

func newBoard(list []connection, out io.Writer, width int, color bool) *board {
	b := &board{out: out, width: width, color: color, start: time.Now(), list: list, lines: make([]string, len(list)), last: make([]result, len(list))}
	for _, c := range list {
		if c.name != configfile.Unnamed {
			b.name = max(b.name, rows.Width(oneLine(c.name))+2)
		}
		b.target = max(b.target, rows.Width(dash(oneLine(target(c.cfg)))))
	}
	return b
}

func (b *board) done(i int, r result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines[i] = b.line(b.list[i], r)
	if b.width > 0 {
		b.draw()
		return
	}
	for b.told < len(b.lines) && b.lines[b.told] != "" {
		b.print(b.lines[b.told] + "\n")
		b.told++
	}
}

func (b *board) waits(i int, r result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last[i] = r
}

// refresh writes the lines of a terminal anew from time to time, until stop is called.
func (b *board) refresh() (stop func()) {
	if b.width == 0 {
		return func() {}
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			case <-time.After(200 * time.Millisecond):
			}
			b.mu.Lock()
			b.draw()
			b.mu.Unlock()
		}
	}()
	return func() { close(over); <-ended }
}

// draw is called with mu held. A line that waits takes one line of the terminal; one that is done may take more, and is not
// written again once all before it are done.
func (b *board) draw() {
	var text strings.Builder
	if b.drawn > 0 {
		fmt.Fprintf(&text, "\x1b[%dA\r\x1b[J", b.drawn)
	}
	for b.told < len(b.lines) && b.lines[b.told] != "" {
		text.WriteString(b.lines[b.told] + "\n")
		b.told++
	}
	b.drawn = 0
	for i := b.told; i < len(b.lines); i++ {
		line := b.lines[i]
		if line == "" {
			line = b.status("wait", b.list[i]) + fmt.Sprintf("%.1f s", time.Since(b.start).Seconds())
			if b.last[i].Error != "" {
				line += fmt.Sprintf(", attempt %d, %s: %s", b.last[i].Attempts+1, b.last[i].Kind, b.last[i].Error)
			}
		}
		text.WriteString(rows.Cut(line, b.width-1) + "\n")
		b.drawn++
	}
	b.print(text.String())
}

func (b *board) print(text string) {
	if b.color {
		for word, color := range map[string]string{"ok  ": "\x1b[32m", "fail": "\x1b[31m"} {
			text = strings.ReplaceAll("\n"+text, "\n"+word, "\n"+color+word+"\x1b[0m")[1:]
		}
	}
	if _, err := io.WriteString(b.out, text); err != nil && b.err == nil {
		b.err = err
	}
}

// status begins a line.
func (b *board) status(word string, c connection) string {
	pad := func(text string, width int) string { return text + strings.Repeat(" ", max(0, width-rows.Width(text))) }
	name := ""
	if b.name > 0 {
		name = pad(oneLine(c.name), b.name)
		if c.name == configfile.Unnamed {
			name = pad("", b.name)
		}
	}
	return pad(word, 6) + name + pad(dash(oneLine(target(c.cfg))), b.target) + "  "
}

func (b *board) line(c connection, r result) string {
	if r.OK {
		return b.status("ok", c) + fmt.Sprintf("%s  opened in %.1f ms, ping %.2f ms", dash(r.Version), r.Open, r.Ping)
	}
	hint := ""
	if r.Hint != "" {
		hint = "; " + r.Hint
	}
	return b.status("fail", c) + fmt.Sprintf("%s: %s%s", r.Kind, r.Error, hint)
}

// sum says how many of several answered.
func (b *board) sum(results []result, watch bool) error {
	ok := 0
	for _, r := range results {
		if r.OK {
			ok++
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at := ""
	if watch {
		at = time.Now().Format("15:04:05  ")
	}
	if len(results) > 1 || watch {
		b.print(fmt.Sprintf("%s%d of %d answered\n", at, ok, len(results)))
	}
	return b.err
}
