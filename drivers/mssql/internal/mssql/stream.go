package mssql

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// stream is what the driver has for a network connection, and speaks TDS through. The driver believes that nothing is
// encrypted: TLS is below it, begun where the protocol has its place. So what is wrong with a certificate has a type,
// the login is checked before the driver allocates for it, and what the session is told can be seen.
//
// What goes over the network is what the driver would send itself; TestWireIsThatOfTheDriver compares.
type stream struct {
	net.Conn           // the socket, or TLS on it
	tls      *tls.Conn // nil: none
	idle     *netconn.Idle
	config   *tls.Config // of TLS with this server
	wanted   bool        // the config says ssl
	strict   bool        // TLS is there from the first byte on
	answered bool        // the prelogin was
	login    loginCheck
	levels   levels

	unread []byte // what was read of the server and not by the driver
}

// Write sends a packet of the driver.
func (s *stream) Write(b []byte) (int, error) {
	var err error
	out := packet(b)
	switch p := packet(b); p.kind() {
	case preloginType:
		out, err = s.offer(p)
	case loginType:
		if s.strict && p.isFirst() {
			out = asTDS8(p)
		}
	default:
		if p.kind() != sspiType && !s.login.over { // the first request; later ones may come while an answer is read
			s.login.over = true
		}
		// A request of a connection that comes from a pool, which tries another one if nothing of it was sent.
		if p.resets() && p.isFirst() {
			err = s.idle.Err()
		}
		s.levels.see(p)
	}
	if err != nil {
		return 0, err
	}
	return s.Conn.Write(out)
}

// Read reads what the server says. Before the login is over it is looked at first.
func (s *stream) Read(b []byte) (int, error) {
	if len(s.unread) == 0 && !s.login.over {
		var err error
		if s.unread, err = s.next(); err != nil {
			return 0, err
		}
	}
	if len(s.unread) > 0 {
		n := copy(b, s.unread)
		s.unread = s.unread[n:]
		return n, nil
	}
	return s.Conn.Read(b)
}

func (s *stream) next() ([]byte, error) {
	if s.answered {
		return s.login.read(s.Conn)
	}
	s.answered = true
	return s.agree()
}

// offer says to the server what the config says of encryption.
func (s *stream) offer(p packet) (packet, error) {
	p = append(packet(nil), p...) // which is the driver's
	encryption, err := readPrelogin(p.body())
	if err != nil {
		return nil, err
	}
	switch {
	case s.strict:
		*encryption = encryptStrict
		return p, s.secure(s.Conn)
	case s.wanted:
		*encryption = encryptOn
	}
	return p, nil
}

var errNoTLS = errors.New("the server does not support encryption")

// agree reads the answer to that, begins TLS where it says so, and returns what the driver is to read.
func (s *stream) agree() ([]byte, error) {
	p, err := readPacket(s.Conn, replies)
	if err != nil {
		return nil, err
	}
	if !p.isLast() {
		return nil, notTDS("its first answer is longer than a packet")
	}
	encryption, err := readPrelogin(p.body())
	if err != nil {
		return nil, err
	}
	switch said := *encryption; {
	case s.strict:
	case said == encryptOn || said == encryptReq: // whatever was wanted: the server insists on it
		err = s.secureInside()
	case s.wanted:
		err = errNoTLS
	case said != encryptNotSup:
		err = notTDS("it answers %d to a client without encryption", said)
	}
	*encryption = encryptNotSup
	return p, err
}

// secure has everything from now on go over TLS.
func (s *stream) secure(below net.Conn) error {
	secured := tls.Client(below, s.config)
	if err := secured.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	s.tls, s.Conn = secured, secured
	return nil
}

// Close ends TLS first, of which a server that has gone cannot be told.
func (s *stream) Close() error {
	if s.tls == nil {
		return s.Conn.Close()
	}
	_ = s.tls.CloseWrite() // see above
	return s.tls.NetConn().Close()
}

// secureInside is secure where the handshake goes in packets.
func (s *stream) secureInside() error {
	e := &envelope{Conn: s.Conn, wraps: true}
	if err := s.secure(e); err != nil {
		return err
	}
	e.wraps = false
	return e.flush() // the end of the handshake, which the server need not answer
}

// asTDS8 changes the version in a login, which for the driver depends on encryption.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/773a62b6-ee89-4c02-9e5e-344882630aac
func asTDS8(p packet) packet {
	const tds8 = 0x08000000
	p = append(packet(nil), p...)
	binary.LittleEndian.PutUint32(p.body()[4:], tds8)
	return p
}
