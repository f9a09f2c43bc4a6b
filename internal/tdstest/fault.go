package tdstest

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// Stage is where in a connection's life something goes wrong.
type Stage string

// The stages, in their order.
const (
	OnAccept      Stage = "accept"         // connected; nothing is read yet
	OnPrelogin    Stage = "prelogin"       // the prelogin message is read, and not answered
	AfterPrelogin Stage = "after prelogin" // the prelogin message is answered
	InHandshake   Stage = "handshake"      // the TLS handshake has begun, and the server's part is not sent
	OnLogin       Stage = "login"          // the login is read, and not answered
	OnRequest     Stage = "request"        // a request is read, and not answered
	InResult      Stage = "result"         // the columns and the first row of a result are sent
)

// Deed is how a fault ends.
type Deed string

// The deeds.
const (
	Proceed Deed = ""        // go on as if nothing had happened
	Silence Deed = "silence" // say nothing more, and keep the connection until the client closes it
	Hangup  Deed = "hangup"  // close the connection
	Abort   Deed = "abort"   // reset the connection: the client sees RST
)

// Fault is something that goes wrong: a wait, then bytes that do not belong there, then the deed. The zero value is
// none.
type Fault struct {
	At    Stage
	Delay time.Duration
	Send  []byte // raw, also where the connection is encrypted
	Do    Deed
	Times int // it happens, on one connection or several; 0: always
}

// Garbage is no packet of TDS and no record of TLS.
var Garbage = []byte("\xde\xad\xbe\xef garbage that is no packet of any protocol \xff\xff\xff\xff")

func (f Fault) none() bool { return f.Delay == 0 && f.Send == nil && f.Do == Proceed }

// Misbehave sets what goes wrong from now on, on connections that are open too; without faults, nothing.
func (s *Server) Misbehave(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append([]Fault(nil), faults...)
}

// take returns the fault that happens at a stage now.
func (s *Server) take(at Stage) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		f := &s.faults[i]
		if f.At != at || f.Times < 0 {
			continue
		}
		if f.Times--; f.Times == 0 {
			f.Times = -1 // used up
		} else if f.Times < 0 {
			f.Times = 0 // always
		}
		return *f
	}
	return Fault{}
}

var errFault = errors.New("the server misbehaved as it was told to")

// at makes happen what is to go wrong at a stage. An error ends the connection.
func (s *session) at(stage Stage) error { return s.commit(s.server.take(stage)) }

func (s *session) commit(f Fault) error {
	if f.none() {
		return nil
	}
	if err := sleep(s.ctx, f.Delay); err != nil {
		return err
	}
	if f.Send != nil {
		if _, err := s.raw.Write(f.Send); err != nil {
			return err
		}
	}
	switch f.Do {
	case Proceed:
		return nil
	case Silence:
		if s.reading {
			<-s.ctx.Done()
		} else if _, err := io.Copy(io.Discard, s.raw); err != nil {
			return err
		}
	case Hangup:
		s.leave()
	case Abort:
		if tcp, ok := s.raw.(*net.TCPConn); ok {
			if err := tcp.SetLinger(0); err != nil {
				return err
			}
		}
	}
	return errFault
}

// leave ends the connection in order, as far as the client can see: what it has sent and nobody read would make a
// reset of a mere close. It waits a second for the client to close its side.
func (s *session) leave() {
	tcp, ok := s.raw.(*net.TCPConn)
	if !ok || tcp.CloseWrite() != nil {
		return
	}
	if s.reading {
		_ = sleep(s.ctx, time.Second) // either way the connection is closed now
		return
	}
	if tcp.SetReadDeadline(time.Now().Add(time.Second)) == nil {
		_, _ = io.Copy(io.Discard, tcp) // the same
	}
}

// sleep waits for d, or for the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
