//go:build !windows && !plan9

package network

import "syscall"

// https://pubs.opengroup.org/onlinepubs/9799919799/functions/connect.html
var unreachable = []error{
	syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT,
}

var timedOut = []error{syscall.ETIMEDOUT}

var lost = []error{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
