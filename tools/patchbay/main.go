// Command patchbay looks at databases from the command line, with the drivers that it was built with:
//
//	patchbay ping URL | CONFIG [NAME...]            whether databases answer
//	patchbay query URL | FILE | CONFIG[:NAME] [SQL] run SQL and print what it returns
//	patchbay url CONNECTION                         a connection string in Patchbay's own form
//	patchbay serve URL | CONFIG [NAME...]           a page of how databases are, and readiness
//	patchbay drivers                                what is linked in, and what could be
//	patchbay tags CONFIG...                         the build tags that a program with these configs needs
//	patchbay completion SHELL                       completion for bash, zsh, fish and PowerShell
//	patchbay version                                the version of this program
//
// A URL is as in [registry.ParseURL], a FILE one of SQLite, and a CONFIG a file as in package configfile.
//
// Results go to standard output, errors to standard error, one line each with what to do about it; what the server says beside
// it, such as DETAIL in PostgreSQL, is indented below. No password or key is printed. A connection without a password gets the
// one in PATCHBAY_PASSWORD, if that is set.
//
// The exit status is 0 if all went well, 1 if a database could not be reached or refused, and 2 if nothing could be tried: the
// command line, a file, a URL, a config is wrong, or the driver is missing. It is 124 at the end of a timeout, and 130 or 143
// after an interrupt or a request to terminate.
package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	_ "github.com/patchbay-go/patchbay/drivers"
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ignorePipe()
	go func() {
		end := &ended{"interrupted", exitInterrupted}
		if <-signals == syscall.SIGTERM {
			end = &ended{"terminated", exitTerminated}
		}
		interruption.run(end.status)
		cancel(end)
		<-signals // the second ends the process, whatever it waits for
		os.Exit(end.status)
	}()
	root := newRoot()
	root.SetArgs(escape(os.Args[1:]))
	os.Exit(report(os.Stderr, root.ExecuteContext(ctx)))
}

// interruption is what to do first at an interrupt while something waits that no context ends; the process then ends.
var interruption hook

type hook struct {
	mu sync.Mutex
	fn func()
}

func (h *hook) run(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fn != nil {
		h.fn()
		os.Exit(status)
	}
}

func (h *hook) set(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fn = fn
}
