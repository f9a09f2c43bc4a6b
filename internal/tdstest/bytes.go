package tdstest

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

// le is the byte order of everything in TDS but packet headers and prelogin options.
var le = binary.LittleEndian

var errShort = errors.New("the message ends too early")

// reader takes a message apart. After the first error every read gives zero values; look at err at the end.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.fail(errShort)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) u8() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.bytes(2); b != nil {
		return le.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.bytes(8); b != nil {
		return le.Uint64(b)
	}
	return 0
}

// bVarChar reads a text after its length in characters, which is a byte.
func (r *reader) bVarChar() string { return ucs2Text(r.bytes(2 * int(r.u8()))) }

// ucs2 and ucs2Text convert between text and UTF-16, which TDS has in little-endian order.
func ucs2(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = le.AppendUint16(b, u)
	}
	return b
}

func ucs2Text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

func appendBVarChar(b []byte, s string) []byte {
	text := ucs2(s)
	return append(append(b, byte(len(text)/2)), text...)
}

func appendUsVarChar(b []byte, s string) []byte {
	text := ucs2(s)
	return append(le.AppendUint16(b, uint16(len(text)/2)), text...)
}

// appendSized appends what body appends, after its length in two bytes.
func appendSized(b []byte, body func([]byte) []byte) []byte {
	start := len(b)
	b = body(append(b, 0, 0))
	le.PutUint16(b[start:], uint16(len(b)-start-2))
	return b
}
