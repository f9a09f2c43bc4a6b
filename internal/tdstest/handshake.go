package tdstest

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// alpn is the protocol that a client of TDS 8.0 must ask for:
// https://learn.microsoft.com/sql/relational-databases/security/networking/tds-8
const alpn = "tds/8.0"

// tunnel is what a [tls.Conn] of a TDS connection reads and writes. During the handshake of TDS 7 it wraps each
// flight into a prelogin message: MS-TDS, "PRELOGIN". Otherwise it is the bare connection, read record by
// record, so that nothing behind the last record is swallowed when encryption ends after the login.
type tunnel struct {
	net.Conn
	wrap   *packets     // nil: bare
	answer func() error // called once, before the first flight of the server goes out

	in, out []byte
}

func (t *tunnel) Read(p []byte) (int, error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	if len(t.in) == 0 {
		if err := t.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.in)
	t.in = t.in[n:]
	return n, nil
}

func (t *tunnel) fill() error {
	if t.wrap != nil {
		m, err := t.wrap.read()
		if err == nil && m.kind != typePrelogin {
			err = fmt.Errorf("message of type %#x instead of a TLS handshake", m.kind)
		}
		t.in = m.data
		return err
	}
	var h [5]byte
	if _, err := io.ReadFull(t.Conn, h[:]); err != nil {
		return err
	}
	t.in = append(h[:], make([]byte, binary.BigEndian.Uint16(h[3:]))...)
	_, err := io.ReadFull(t.Conn, t.in[len(h):])
	return err
}

func (t *tunnel) Write(p []byte) (int, error) {
	if answer := t.answer; answer != nil {
		t.answer = nil
		if err := answer(); err != nil {
			return 0, err
		}
	}
	if t.wrap == nil {
		return t.Conn.Write(p)
	}
	t.out = append(t.out, p...)
	return len(p), nil
}

func (t *tunnel) flush() error {
	if len(t.out) == 0 {
		return nil
	}
	out := t.out
	t.out = nil
	return t.wrap.reply(typePrelogin, out)
}

// handshake brings TLS up: wrapped in TDS, or strict as of TDS 8.0, which is TLS from the first byte. first is
// what was read of the connection already. It changes config.
func handshake(conn net.Conn, config *tls.Config, wrap *packets, first []byte, answer func() error) (*tls.Conn, error) {
	if wrap != nil {
		// There is no TLS 1.3 in TDS 7: https://learn.microsoft.com/sql/relational-databases/security/networking/tls-1-3
		if config.MaxVersion == 0 || config.MaxVersion > tls.VersionTLS12 {
			config.MaxVersion = tls.VersionTLS12
		}
		config.NextProtos = nil
	} else {
		config.NextProtos = []string{alpn}
		conn = &prefixed{conn, first}
	}
	t := &tunnel{Conn: conn, wrap: wrap, answer: answer}
	secure := tls.Server(t, config)
	err := secure.Handshake()
	if flushed := t.flush(); err == nil {
		err = flushed
	}
	if err == nil && wrap == nil && secure.ConnectionState().NegotiatedProtocol != alpn {
		err = errors.New("the client did not ask for " + alpn)
	}
	t.wrap = nil
	return secure, err
}

// prefixed gives back what was read too early.
type prefixed struct {
	net.Conn
	first []byte
}

func (c *prefixed) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
