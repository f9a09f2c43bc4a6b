//go:build !unix

package main

import "os"

// openTerminal returns the console. https://learn.microsoft.com/windows/console/console-handles
func openTerminal() (*os.File, error) { return os.OpenFile("CONIN$", os.O_RDWR, 0) }

func ignorePipe() {}

func isPipe(error) bool { return false }
