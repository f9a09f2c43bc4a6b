package tdstest

import (
	"bytes"
	"net"
	"slices"
	"testing"
	"time"
)

// dial logs in without a driver, so that a test can send what no driver does.
func dial(t *testing.T, s *Server) (net.Conn, *packets) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(guard)); err != nil {
		t.Fatal(err)
	}
	p := &packets{rw: conn, size: defaultPacketSize}
	login := make([]byte, 94)
	login[0] = byte(len(login))
	for _, m := range []message{
		{kind: typePrelogin, data: preloginAnswer(Prelogin{}, EncryptNotSup)}, // which has the same form
		{kind: typeLogin, data: login},
	} {
		if err := p.reply(m.kind, m.data); err != nil {
			t.Fatal(err)
		}
		if _, err := p.read(); err != nil {
			t.Fatal(err)
		}
	}
	return conn, p
}

// both are two messages in one piece, of which the first is a batch.
func both(kind byte, data []byte) []byte {
	var wire bytes.Buffer
	p := packets{rw: &wire, size: defaultPacketSize}
	_ = p.reply(typeBatch, append(slices.Clone(headers), ucs2("waitfor delay '01:00:00'")...)) // a buffer takes all
	_ = p.reply(kind, data)
	return wire.Bytes()
}

func lenient(t *testing.T) *Server {
	return Start(t, Options{Login: func(Login) LoginAnswer { return LoginAnswer{} }})
}

// However soon a request to cancel comes after a request, it is that request that it cancels.
func TestARequestIsCanceledBeforeAnybodyHasLookedAtIt(t *testing.T) {
	s := lenient(t)
	for range 50 {
		conn, p := dial(t, s)
		if _, err := conn.Write(both(typeAttention, nil)); err != nil {
			t.Fatal(err)
		}
		m, err := p.read()
		if want := appendDone(nil, tokenDone, doneAttention, 0, 0); err != nil || !bytes.Equal(m.data, want) {
			t.Fatalf("the answer is %x: %v", m.data, err)
		}
	}
}

func TestTwoRequestsAtATimeAreRefused(t *testing.T) {
	s := lenient(t)
	conn, p := dial(t, s)
	if _, err := conn.Write(both(typeBatch, slices.Clone(headers))); err != nil {
		t.Fatal(err)
	}
	if m, err := p.read(); err == nil {
		t.Errorf("the answer is %x", m.data)
	}
	s.AwaitClosed(t)
	if got := s.Connections()[0].End; got != errTwo {
		t.Errorf("the connection ended with %v", got)
	}
}

func TestMessagesOutOfOrderEndTheConnection(t *testing.T) {
	s := lenient(t)
	for _, m := range []message{{kind: typeLogin}, {kind: 0x07}, {kind: typePrelogin}} {
		_, p := dial(t, s)
		if err := p.reply(m.kind, make([]byte, 94)); err != nil {
			t.Fatal(err)
		}
		if got, err := p.read(); err == nil {
			t.Errorf("a message of type %#x after the login is answered with %x", m.kind, got.data)
		}
	}
}
