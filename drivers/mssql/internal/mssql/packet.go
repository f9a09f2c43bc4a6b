package mssql

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Types of packets, and bits of their status.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/9b4a463c-2634-4a4b-ac35-bebfff2fb0f7
const (
	batchType    = 1
	tranType     = 14
	loginType    = 16
	sspiType     = 17
	preloginType = 18

	lastOfMessage = 0x01
	resetsSession = 0x08
)

// Packets that a server answers with, as readPacket wants it.
const (
	replies          = "\x04"
	handshakeReplies = "\x04\x12" // older servers have the first
)

const headerSize = 8

// packet is one of TDS, with its header. The driver writes one at a time.
type packet []byte

func (p packet) kind() byte    { return p[0] }
func (p packet) isLast() bool  { return p[1]&lastOfMessage != 0 }
func (p packet) isFirst() bool { return p[6] == 1 } // of a message
func (p packet) resets() bool  { return p[1]&resetsSession != 0 }
func (p packet) body() []byte  { return p[headerSize:] }

// errNotSQLServer says that a server answered, in another protocol.
var errNotSQLServer = errors.New("the server does not speak TDS, the protocol of SQL Server")

func notTDS(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errNotSQLServer, fmt.Sprintf(format, args...))
}

// readPacket reads a packet of one of the types. It fails at the first byte of another protocol: what follows would be taken
// for the length of a packet, and waited for.
func readPacket(r io.Reader, kinds string) (packet, error) {
	header := make(packet, headerSize)
	n, err := io.ReadAtLeast(r, header, 1)
	if err != nil {
		return nil, err
	}
	if strings.IndexByte(kinds, header.kind()) < 0 {
		return nil, notTDS("it begins an answer with the byte %#x", header.kind())
	}
	if _, err := io.ReadFull(r, header[n:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(header[2:]))
	if size < headerSize {
		return nil, notTDS("a packet has %d bytes, which is less than its header", size)
	}
	p := append(header, make([]byte, size-headerSize)...)
	if _, err := io.ReadFull(r, p.body()); err != nil {
		return nil, err
	}
	return p, nil
}

// newPacket makes a packet of a message that has one.
func newPacket(kind byte, body []byte) packet {
	p := append(packet{kind, lastOfMessage, 0, 0, 0, 0, 1, 0}, body...)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	return p
}
