package mysql

import (
	"strings"
	"testing"
)

func FuzzServer(f *testing.F) {
	tested.FuzzServer(f,
		"", "\x00", greeting, greeting+packet(2, "\x00\x00\x00\x02\x00\x00\x00"), greeting+packet(2, "\xff"),
		greeting+packet(2, "\xfe"), greeting+packet(2, "\xfemysql_native_password\x00short\x00"),
		greeting+packet(2, "\xfecaching_sha2_password\x00"+strings.Repeat("x", 20)+"\x00")+packet(4, "\x01\x04")+packet(6, "\x01no key"),
		packet(0, "\x0a"), packet(0, "\x0a\x00"), failure(1040, ""), "HTTP/1.1 400 Bad Request\r\n\r\n",
	)
}
