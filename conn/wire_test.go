package conn_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// wire is a database with a network of its own, which counts dials and takes a moment for each.
type wire struct {
	registry *registry.Registry

	mu     sync.Mutex
	down   bool
	silent string            // the address of a server that is frozen
	far    map[net.Conn]bool // the servers' ends
	dials  []time.Time
	flying int
	most   []int // how many dials there were at a time, by dial
}

func newWire() *wire {
	w := &wire{registry: new(registry.Registry), far: make(map[net.Conn]bool)}
	w.registry.Register(w)
	return w
}

func (w *wire) Info() registry.Info { return registry.Info{Dialect: "wire", Port: 9} }

func (w *wire) Diagnose(err error) registry.Diagnosis { return network.Diagnose(err) }

func (w *wire) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	return &wireConnector{w, cfg, network.DialFunc(env)}, nil
}

// dial is the network.
func (w *wire) dial(_ context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dials = append(w.dials, time.Now())
	w.flying++
	w.most = append(w.most, w.flying)
	w.mu.Unlock()
	time.Sleep(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
	if w.down {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	w.far[far] = true
	go func() { // an echo, until one side closes
		for b := make([]byte, 1); ; {
			if _, err := far.Read(b); err != nil {
				return
			}
			if w.isSilent(address) {
				continue
			}
			if _, err := far.Write(b); err != nil {
				return
			}
		}
	}()
	return near, nil
}

func (w *wire) isSilent(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.silent == address
}

func (w *wire) freeze(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = address
}

// stop ends all connections and refuses others.
func (w *wire) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for far := range w.far {
		_ = far.Close()
	}
	clear(w.far)
	w.dials, w.most = nil, nil
}

func (w *wire) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

func (w *wire) since(at time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, dialed := range w.dials {
		if !dialed.Before(at) {
			n++
		}
	}
	return n
}

type wireConnector struct {
	*wire
	cfg  registry.Config
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (c *wireConnector) Driver() driver.Driver { return nil }

func (c *wireConnector) Connect(ctx context.Context) (driver.Conn, error) {
	kind, address := network.Address(&c.cfg, 9)
	socket, err := c.dial(ctx, kind, address)
	if err != nil {
		return nil, err
	}
	dc := &wireConn{Conn: socket, address: address}
	if err := dc.ask(ctx); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return dc, nil
}

type wireConn struct {
	net.Conn
	address string
	dead    bool
}

func (c *wireConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *wireConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *wireConn) IsValid() bool { return !c.dead }

func (c *wireConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	if err := c.ask(ctx); err != nil {
		c.dead = true
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, driver.ErrBadConn
	}
	return new(one), nil
}

// ask waits for an answer.
func (c *wireConn) ask(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	b := []byte{1}
	if _, err := c.Conn.Write(b); err != nil {
		return err
	}
	_, err := io.ReadFull(c.Conn, b)
	return err
}
