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

// No driver asks for these.
func TestTransactionsThatCannotBeAreErrors(t *testing.T) {
	s := lenient(t)
	begin := []byte{tranBegin, 0, 0, 0}
	for name, c := range map[string]struct {
		requests [][]byte
		number   uint32 // of the error that the last one gives
	}{
		"a commit of none":             {[][]byte{{tranCommit, 0, 0, 0}}, 3902},
		"a rollback of none":           {[][]byte{{tranRollback, 0, 0, 0}}, 3903},
		"one inside another":           {[][]byte{begin, begin}, 50000},
		"a rollback to a savepoint":    {[][]byte{begin, {tranRollback, 0, 2, 'a', 0, 0}}, 8009},
		"a commit that begins another": {[][]byte{begin, {tranCommit, 0, 0, 1}}, 8009},
		"a request of no known kind":   {[][]byte{{1, 0}}, 8009},
	} {
		_, p := dial(t, s)
		var m message
		for _, request := range c.requests {
			err := p.reply(typeTran, append(slices.Clone(headers), request...))
			if err == nil {
				m, err = p.read()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if m.data[0] != tokenError || le.Uint32(m.data[3:]) != c.number {
			t.Errorf("%s is answered with %x", name, m.data)
		}
	}
}

func TestAResetEndsTheTransactionUnlessItIsToKeepIt(t *testing.T) {
	s := lenient(t)
	for status, ends := range map[byte]bool{statusReset: true, statusResetKeepTran: false} {
		conn, p := dial(t, s)
		if err := p.reply(typeTran, append(slices.Clone(headers), tranBegin, 0, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := p.read(); err != nil {
			t.Fatal(err)
		}
		var wire bytes.Buffer
		batch := packets{rw: &wire, size: defaultPacketSize}
		_ = batch.reply(typeBatch, append(slices.Clone(headers), ucs2("select 1")...)) // a buffer takes all
		wire.Bytes()[1] |= status
		if _, err := conn.Write(wire.Bytes()); err != nil {
			t.Fatal(err)
		}
		m, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		ended := len(m.data) > 3 && m.data[0] == tokenEnvChange && m.data[3] == envRollback
		if ended != ends || !bytes.Contains(m.data, appendEnvBytes(nil, envResetAck, nil, nil)) {
			t.Errorf("with the status %#x the answer is %x", status, m.data)
		}
	}
}
