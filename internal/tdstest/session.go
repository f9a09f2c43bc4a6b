package tdstest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// session is one connection, from the first byte to the last. Its goroutine does everything but read requests,
// which a second one does, so that a request to cancel is seen while another is worked on.
type session struct {
	server *Server
	raw    net.Conn
	record *Connection // written through note
	ctx    context.Context
	cancel context.CancelCauseFunc

	packets *packets
	secured bool // TLS is up, or was
	reading bool // the second goroutine runs
	flight  flight
	done    *done // the end of the last statement that was answered; nil: none in this response

	login     Login
	loggedIn  bool // under the server's lock: it counts against MaxConnections
	isolation Isolation
	tran      uint64 // the number of the transaction; 0: none
}

func newSession(s *Server, conn net.Conn, record *Connection) *session {
	n := &session{server: s, raw: conn, record: record, isolation: ReadCommitted}
	n.ctx, n.cancel = context.WithCancelCause(s.ctx)
	n.packets = &packets{rw: conn, size: defaultPacketSize, spid: uint16(record.ID)}
	return n
}

// serve does all there is to do with the connection.
func (s *session) serve() {
	err := s.open()
	if err == nil {
		err = s.work()
	} else if err != errFault {
		s.leave()
	}
	s.cancel(errGone)
	s.raw.Close() // whatever it says: the client may have closed it before
	if errors.Is(err, io.EOF) || errors.Is(err, errGone) {
		err = nil
	}

	s.server.mu.Lock()
	delete(s.server.sessions, s)
	s.server.mu.Unlock()
	s.note(func(c *Connection) { c.Open, c.End = false, err })
}

// open goes from the first byte to the end of the login.
func (s *session) open() error {
	if err := s.at(OnAccept); err != nil {
		return err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(s.raw, first); err != nil {
		return err
	}
	o := s.server.Options()
	wanted := o.encryption()
	const tlsHandshake = 0x16 // what a record of TLS begins with, and no message of TDS
	strict := first[0] == tlsHandshake
	switch {
	case strict && wanted == EncryptionRefused:
		return errors.New("the client speaks TDS 8.0, which needs the TLS that the server does not have")
	case strict:
		if err := s.secure(o.TLS, nil, first); err != nil {
			return err
		}
	case wanted == EncryptionStrict:
		return errors.New("the client does not begin with TLS, which the server insists on")
	default:
		s.packets.rw = &prefixed{s.raw, first}
	}
	encryption, err := s.prelogin(wanted, strict)
	if err != nil {
		return err
	}
	if !strict && encryption != EncryptNotSup {
		s.packets.rw = s.raw
		if err := s.secure(o.TLS, s.packets, nil); err != nil {
			return err
		}
	}
	return s.logIn(!strict && encryption == EncryptOff)
}

// prelogin answers the first message, and returns the encryption that follows from it.
func (s *session) prelogin(wanted Encryption, strict bool) (byte, error) {
	m, err := s.packets.read()
	if err != nil {
		return 0, err
	}
	if m.kind != typePrelogin {
		return 0, fmt.Errorf("the first message has type %#x", m.kind)
	}
	p, err := parsePrelogin(m.data)
	if err != nil {
		return 0, err
	}
	s.note(func(c *Connection) { c.Prelogin = &p })
	if err := s.at(OnPrelogin); err != nil {
		return 0, err
	}
	answer := p.Encryption // which means nothing inside the TLS of TDS 8.0
	if !strict {
		known := false
		if answer, known = encryptionAnswers[wanted][p.Encryption]; !known {
			return 0, fmt.Errorf("the client asks for encryption %d", p.Encryption)
		}
	}
	if err := s.packets.reply(typeReply, preloginAnswer(p, answer)); err != nil {
		return 0, err
	}
	return answer, s.at(AfterPrelogin)
}

// secure brings TLS up; wrap is nil for TDS 8.0.
func (s *session) secure(config *tls.Config, wrap *packets, first []byte) error {
	config = config.Clone()
	config.SetSessionTicketKeys([][32]byte{s.server.ticketKey})
	conn, err := handshake(s.raw, config, wrap, first, func() error { return s.at(InHandshake) })
	if err != nil {
		return err
	}
	s.packets.rw, s.secured = conn, true
	s.note(func(c *Connection) { c.TLS = &TLS{ConnectionState: conn.ConnectionState(), Strict: wrap == nil} })
	return nil
}

// work answers requests until there are no more.
func (s *session) work() error {
	inbox := make(chan delivery)
	gone := make(chan struct{})
	go s.read(inbox, gone)
	defer func() {
		s.cancel(errGone)
		s.raw.Close() // which ends the read
		<-gone
	}()
	s.reading = true
	for {
		select {
		case d := <-inbox:
			if err := s.answer(d); err != nil {
				return err
			}
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// delivery is a message and, where it is a request, the context in which it is answered.
type delivery struct {
	message
	ctx context.Context
}

// read hands over requests. A request to cancel goes to the request that runs; if none does, it is answered like
// one: MS-TDS, "Attention".
func (s *session) read(inbox chan<- delivery, gone chan<- struct{}) {
	defer close(gone)
	for {
		m, err := s.packets.read()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errGone
			}
			s.cancel(err)
			return
		}
		d := delivery{message: m}
		if m.kind == typeAttention {
			s.note(func(c *Connection) { c.Attentions++ })
			if s.flight.cut(errAttention) {
				continue
			}
		} else {
			var ok bool
			if d.ctx, ok = s.flight.start(s.ctx); !ok {
				s.cancel(errTwo)
				return
			}
		}
		select {
		case inbox <- d:
		case <-s.ctx.Done():
			return
		}
	}
}

// kill ends the session from outside: a request that runs is told why.
func (s *session) kill(why error) {
	if s.flight.cut(why) {
		// The client may not be reading; a second is enough for one that is.
		s.raw.SetWriteDeadline(time.Now().Add(time.Second))
		return
	}
	s.cancel(why)
	s.raw.Close()
}
