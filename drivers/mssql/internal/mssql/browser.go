package mssql

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// browserTime is how long the SQL Server Browser may take to answer. A datagram may get lost, and is not sent
// again within one attempt.
const browserTime = 2 * time.Second

const browserHint = "the SQL Server Browser tells the ports of instances over UDP: start it and let UDP port 1434 through, or set the port of the instance in place of params.instance"

// browse opens a way to the browser.
// https://learn.microsoft.com/sql/tools/configuration-manager/sql-server-browser-service
func (a *attempt) browse(ctx context.Context, network, address string) (net.Conn, error) {
	b := &browser{trace: a.trace, instance: a.c.set.config.Instance, address: address}
	var err error
	if b.Conn, err = a.c.dial(ctx, network, address); err != nil {
		return nil, b.failed(err)
	}
	return netconn.Join(b, &a.sockets), nil
}

// browser is the connection to one. It keeps why the port could not be asked for: the driver says that there is no such
// instance. And it bounds the wait, which would be as long as for everything else.
type browser struct {
	net.Conn
	trace             *trace
	instance, address string
}

func (b *browser) failed(err error) error {
	if err != nil {
		text := fmt.Sprintf("ask the SQL Server Browser at %s (UDP) for the port of the instance %s: %v", b.address, b.instance, err)
		b.trace.fail(&failure{text: text, errs: []error{err}, hint: browserHint})
	}
	return err
}

// SetDeadline is what the driver calls before it asks.
func (b *browser) SetDeadline(t time.Time) error {
	if most := time.Now().Add(browserTime); t.IsZero() || t.After(most) {
		t = most
	}
	return b.Conn.SetDeadline(t)
}

func (b *browser) Write(p []byte) (int, error) {
	n, err := b.Conn.Write(p)
	return n, b.failed(err)
}

func (b *browser) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	return n, b.failed(err)
}
