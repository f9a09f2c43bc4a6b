package tdstest

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Types of messages: MS-TDS, "Type" in "Packet Header".
const (
	typeBatch     = 0x01
	typeRPC       = 0x03
	typeReply     = 0x04
	typeAttention = 0x06
	typeTran      = 0x0e
	typeLogin     = 0x10
	typePrelogin  = 0x12
)

// Bits of the status of a packet: MS-TDS, "Status" in "Packet Header".
const (
	statusLast          = 0x01 // the last packet of the message
	statusReset         = 0x08 // reset the session before executing
	statusResetKeepTran = 0x10 // the same, and keep the transaction
)

const (
	headerSize        = 8
	defaultPacketSize = 4096 // until the login has agreed on another
	maxMessage        = 64 << 20
)

// message is what one or more packets carry.
type message struct {
	kind   byte
	status byte // of the first packet
	data   []byte
}

// packets reads and writes messages as packets. One goroutine may read while another writes.
type packets struct {
	rw   io.ReadWriter
	size int // of the packets written
	spid uint16

	kind byte   // of the message being written
	seq  byte   // number of its next packet
	out  []byte // its part that is not sent yet, after room for a header
}

// read returns the next message. A packet that is no packet is an error.
func (p *packets) read() (message, error) {
	var m message
	for first := true; ; first = false {
		var h [headerSize]byte
		if _, err := io.ReadFull(p.rw, h[:]); err != nil {
			if !first && err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return m, err
		}
		size := int(binary.BigEndian.Uint16(h[2:]))
		switch {
		case size < headerSize:
			return m, fmt.Errorf("packet of %d bytes, less than its header", size)
		case first:
			m.kind, m.status = h[0], h[1]
		case h[0] != m.kind:
			return m, fmt.Errorf("packet of type %#x in a message of type %#x", h[0], m.kind)
		case len(m.data)+size > maxMessage:
			return m, fmt.Errorf("message of more than %d bytes", maxMessage)
		}
		start := len(m.data)
		m.data = append(m.data, make([]byte, size-headerSize)...)
		if _, err := io.ReadFull(p.rw, m.data[start:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return m, err
		}
		if h[1]&statusLast != 0 {
			return m, nil
		}
	}
}

// begin starts a message; Write, flush and end continue it.
func (p *packets) begin(kind byte) {
	p.kind, p.seq, p.out = kind, 1, append(p.out[:0], make([]byte, headerSize)...)
}

// Write adds to the message, and sends every packet that is full and not the last.
func (p *packets) Write(b []byte) (int, error) {
	p.out = append(p.out, b...)
	for len(p.out) > p.size {
		if err := p.send(p.size, 0); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// flush sends what there is in a packet that is not the last. There must be more to come.
func (p *packets) flush() error {
	if len(p.out) == headerSize {
		return nil
	}
	return p.send(len(p.out), 0)
}

// end sends the last packet of the message.
func (p *packets) end() error { return p.send(len(p.out), statusLast) }

func (p *packets) send(n int, status byte) error {
	h := p.out[:headerSize]
	h[0], h[1] = p.kind, status
	binary.BigEndian.PutUint16(h[2:], uint16(n))
	binary.BigEndian.PutUint16(h[4:], p.spid)
	h[6], h[7] = p.seq, 0
	if _, err := p.rw.Write(p.out[:n]); err != nil {
		return err
	}
	p.seq++
	p.out = append(p.out[:headerSize], p.out[n:]...)
	return nil
}

// reply sends a whole message of one piece.
func (p *packets) reply(kind byte, data []byte) error {
	p.begin(kind)
	if _, err := p.Write(data); err != nil {
		return err
	}
	return p.end()
}
