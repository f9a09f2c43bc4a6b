package mysql

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// errNotMySQL says that a server answered, in another protocol.
var errNotMySQL = errors.New("the server does not speak the MySQL protocol")

const (
	maxGreeting = 4096 // the longest message of an error has 512 characters, the version of a server fewer
	isError     = 0xff
)

// readGreeting reads the first packet: a length of three bytes, a number, and a handshake or an error. The driver
// takes the first bytes of whatever answers for the length of a packet, waits for as much, and trusts what is in it.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
//
// id is the server's number for the connection, of an error 0.
func readGreeting(r io.Reader) (packet []byte, id uint32, err error) {
	header := make([]byte, 4)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, 0, err
	}
	length := int(header[0]) | int(header[1])<<8 | int(header[2])<<16
	if length < 4 || length > maxGreeting {
		return nil, 0, errNotMySQL
	}
	packet = append(header, make([]byte, length)...)
	body := packet[4:]
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, 0, err
	}
	if body[0] == isError {
		return packet, 0, nil
	}
	// Protocol 10, the version up to a zero, and then 15 bytes, or those and at least 29 more.
	_, rest, found := bytes.Cut(body[1:], []byte{0})
	if body[0] != 10 || !found || len(rest) != 15 && len(rest) < 44 {
		return nil, 0, errNotMySQL
	}
	return packet, binary.LittleEndian.Uint32(rest), nil
}
