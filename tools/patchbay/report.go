package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/patchbay-go/patchbay/conn"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a database could not be reached, or refused
	exitUsage  = 2 // nothing could be tried

	// As timeout(1) and shells have them.
	exitTimeout     = 124
	exitInterrupted = 130
	exitPipe        = 141 // the reader of the output has gone
	exitTerminated  = 143
)

// usageError is an error of the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// statusError is a failure that has been printed already.
type statusError int

func (e statusError) Error() string { return fmt.Sprint("exit status ", int(e)) }

// untried is an error from before anything was tried: of a file, a URL or a config.
type untried struct{ error }

func (e untried) Unwrap() error { return e.error }

// report prints an error in one line, details of the server indented below, and returns the exit status.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	var printed statusError
	if errors.As(err, &printed) {
		return int(printed)
	}
	fmt.Fprintln(w, "patchbay:", oneLine(err.Error()))
	var detail interface{ details() []string }
	if errors.As(err, &detail) {
		for _, line := range detail.details() {
			fmt.Fprintln(w, " ", line)
		}
	}
	var end *ended
	if errors.As(err, &end) {
		return end.status
	}
	var usage *usageError
	if errors.As(err, &usage) || !tried(err) {
		return exitUsage
	}
	return exitFailed
}

// tried reports whether an error is from after the first attempt to open a database.
func tried(err error) bool {
	var before untried
	var opening *conn.Error
	return !errors.As(err, &before) && !(errors.As(err, &opening) && opening.Attempts == 0)
}

// oneLine joins the lines of a text, and leaves out what a terminal would act upon: it may come from a server.
func oneLine(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(lines, "; "))
}
