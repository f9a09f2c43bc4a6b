package drivertest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode/utf16"

	"github.com/patchbay-go/patchbay/conn"
)

// dial is how a program opens network connections.
type dial func(ctx context.Context, network, addr string) (net.Conn, error)

// wire opens network connections for a pool, counts them and keeps what is written to them.
type wire struct {
	mu    sync.Mutex
	dial  dial
	dials []address
	open  int
	sent  []byte
}

// address is what a dialer is given.
type address struct{ network, addr string }

// wire returns one that connects as usual until its dial is changed.
func (c check) wire() *wire { return &wire{dial: new(net.Dialer).DialContext} }

// option has a pool use the wire.
func (w *wire) option() conn.Option { return conn.WithDialer(w.connect) }

func (w *wire) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	w.dials = append(w.dials, address{network, addr})
	dial := w.dial
	w.mu.Unlock()
	nc, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	return &tapped{Conn: nc, wire: w}, nil
}

// use changes how the next connections are opened.
func (w *wire) use(dial dial) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dial = dial
}

// dialed returns the addresses so far.
func (w *wire) dialed() []address {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.dials)
}

// opened returns how many connections are open.
func (w *wire) opened() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open
}

// shows reports whether a text went over the wire for all to read, in one of the encodings of the databases
// there are.
func (w *wire) shows(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	wide := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	sent := string(w.sent)
	return strings.Contains(sent, text) || strings.Contains(sent, string(wide))
}

// tapped is a network connection of a wire.
type tapped struct {
	net.Conn
	wire *wire
	once sync.Once
}

func (t *tapped) Write(p []byte) (int, error) {
	t.wire.mu.Lock()
	t.wire.sent = append(t.wire.sent, p...)
	t.wire.mu.Unlock()
	return t.Conn.Write(p)
}

func (t *tapped) Close() error {
	t.once.Do(func() {
		t.wire.mu.Lock()
		t.wire.open--
		t.wire.mu.Unlock()
	})
	return t.Conn.Close()
}

// SyscallConn gives drivers the access by which they see that an idle connection is dead.
func (t *tapped) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := t.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
