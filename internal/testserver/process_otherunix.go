//go:build unix && !linux

package testserver

import "syscall"

// endWithParent does nothing where the kernel has no such service; the watchdog does it alone.
func endWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// hasRoom is about /dev/shm, which only Linux has.
func hasRoom(string) bool { return false }
