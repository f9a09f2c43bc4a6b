//go:build !unix

package testserver

import (
	"os/exec"
	"syscall"
)

// Private servers need process groups, signals and Unix sockets; without them there are only given servers.
const canStart = false

const (
	promotion = syscall.Signal(0)
	freeze    = promotion
	thaw      = promotion
)

func prepare(*exec.Cmd, *account, syscall.Signal) {}
func detach(*exec.Cmd)                            {}
func signalGroup(int, syscall.Signal)             {}
func isRoot() bool                                { return false }
func hasRoom(string) bool                         { return false }
