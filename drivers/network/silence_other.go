//go:build !linux

package network

import "syscall"

func boundSilence(string, string, syscall.RawConn) error { return nil }
