package mssql

import (
	"bytes"
	"encoding/binary"
	"io"
	"strconv"
)

// maxLogin bounds what a server may send for a login, in bytes: tickets of Windows accounts have up to 64 KiB.
const maxLogin = 1 << 18

// loginCheck reads the answer to a login before the driver does, which allocates what a length in it says, up to
// gigabytes, and takes any packet size.
type loginCheck struct {
	over bool
	size int
}

// read returns a whole message.
func (l *loginCheck) read(r io.Reader) ([]byte, error) {
	var message, tokens []byte
	for last := false; !last; {
		p, err := readPacket(r, replies)
		if err != nil {
			return nil, err
		}
		if l.size += len(p); l.size > maxLogin {
			return nil, notTDS("its answer to the login has more than %d bytes", maxLogin)
		}
		message, tokens, last = append(message, p...), append(tokens, p.body()...), p.isLast()
	}
	return message, checkTokens(tokens)
}

// Tokens of the answer to a login. https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/67b6113c-d722-46d1-902c-3f6e8de09173
const (
	returnStatusToken = 0x79
	tabNameToken      = 0xa4
	colInfoToken      = 0xa5
	orderToken        = 0xa9
	errorToken        = 0xaa
	infoToken         = 0xab
	loginAckToken     = 0xad
	featureToken      = 0xae
	envChangeToken    = 0xe3
	sspiToken         = 0xed
	doneToken         = 0xfd
	doneProcToken     = 0xfe
	doneInProcToken   = 0xff
)

// checkTokens walks through the tokens of a message. One that does not fit into the message is left to the driver if its
// length has 16 bits.
func checkTokens(b []byte) error {
	for len(b) > 0 {
		token, rest := b[0], b[1:]
		skip := 0
		switch token {
		case doneToken, doneProcToken, doneInProcToken:
			skip = 12
		case returnStatusToken:
			skip = 4
		case featureToken:
			var err error
			if skip, err = features(rest); err != nil {
				return err
			}
		case envChangeToken:
			body := sized(rest)
			if err := checkChange(body); err != nil {
				return err
			}
			skip = 2 + len(body)
		case tabNameToken, colInfoToken, orderToken, errorToken, infoToken, loginAckToken, sspiToken:
			skip = 2 + len(sized(rest))
		default:
			return notTDS("token %#x is in its answer to the login", token)
		}
		b = rest[min(skip, len(rest)):]
	}
	return nil
}

// sized returns what has its length before it, in 16 bits, as far as it is there.
func sized(b []byte) []byte {
	if len(b) < 2 {
		return nil
	}
	return b[2:min(len(b), 2+int(binary.LittleEndian.Uint16(b)))]
}

// features returns how long the list is.
func features(b []byte) (int, error) {
	const end = 0xff
	for at := 0; at < len(b); {
		if b[at] == end {
			return at + 1, nil
		}
		if at+5 > len(b) {
			break
		}
		size := binary.LittleEndian.Uint32(b[at+1:])
		if int64(size) > int64(len(b)-at-5) {
			break
		}
		at += 5 + int(size)
	}
	return 0, notTDS("a feature in its answer to the login is longer than the answer")
}

// checkChange looks at what the server sets for the session: with any other packet size the driver would write for ever, or
// out of its buffer.
func checkChange(b []byte) error {
	const packetSize = 4
	if len(b) < 2 || b[0] != packetSize {
		return nil
	}
	digits := b[2:min(len(b), 2+2*int(b[1]))]
	n, err := strconv.Atoi(string(bytes.ReplaceAll(digits, []byte{0}, nil)))
	if err != nil || n < 512 || n > 32767 {
		return notTDS("it wants packets of %q bytes", bytes.ReplaceAll(digits, []byte{0}, nil))
	}
	return nil
}
