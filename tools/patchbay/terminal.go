package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminal returns the width of the terminal that w is, and whether it may get colours; 0 if it is none.
func terminal(w io.Writer) (width int, color bool) {
	if !isTerminal(w) {
		return 0, false
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	// https://no-color.org
	return width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
