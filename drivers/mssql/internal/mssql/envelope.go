package mssql

import "net"

// envelope carries a handshake of TLS in packets, as all versions of TDS before 8.0 have it. Afterwards TLS is on the
// bare connection.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868
type envelope struct {
	net.Conn
	wraps   bool
	in, out []byte
}

func (e *envelope) Read(b []byte) (int, error) {
	if err := e.flush(); err != nil {
		return 0, err
	}
	for e.wraps && len(e.in) == 0 {
		p, err := readPacket(e.Conn, handshakeReplies)
		if err != nil {
			return 0, err
		}
		e.in = p.body()
	}
	if len(e.in) > 0 {
		n := copy(b, e.in)
		e.in = e.in[n:]
		return n, nil
	}
	return e.Conn.Read(b)
}

// Write keeps what there is until an answer is wanted: the parts of a handshake that belong together are one message.
func (e *envelope) Write(b []byte) (int, error) {
	if !e.wraps {
		return e.Conn.Write(b)
	}
	e.out = append(e.out, b...)
	return len(b), nil
}

// maxBody is what a packet can hold before the login has agreed on its size.
const maxBody = 4096 - headerSize

func (e *envelope) flush() error {
	rest := e.out
	e.out = nil
	for number := byte(1); len(rest) > 0; number++ {
		size := min(len(rest), maxBody)
		p := newPacket(preloginType, rest[:size])
		rest = rest[size:]
		if p[6] = number; len(rest) > 0 {
			p[1] &^= lastOfMessage
		}
		if _, err := e.Conn.Write(p); err != nil {
			return err
		}
	}
	return nil
}
