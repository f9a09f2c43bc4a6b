package network

import "syscall"

// The constants that package syscall invents for Windows equal none of the numbers that Windows returns.
// https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2
var unreachable = []error{
	syscall.Errno(10061), // WSAECONNREFUSED
	syscall.Errno(10065), // WSAEHOSTUNREACH
	syscall.Errno(10051), // WSAENETUNREACH
	syscall.Errno(10050), // WSAENETDOWN
	syscall.Errno(10064), // WSAEHOSTDOWN
	syscall.Errno(10049), // WSAEADDRNOTAVAIL
	syscall.Errno(10047), // WSAEAFNOSUPPORT
}

var timedOut = []error{syscall.Errno(10060)} // WSAETIMEDOUT

var lost = []error{
	syscall.Errno(10054), // WSAECONNRESET
	syscall.Errno(10053), // WSAECONNABORTED
	syscall.Errno(10052), // WSAENETRESET
	syscall.Errno(109),   // ERROR_BROKEN_PIPE
}
