//go:build mssql || alldrivers

package mssql

import (
	"context"
	"fmt"
	"net"
	"time"
)

// browserTime is how long the SQL Server Browser may take to answer. A datagram may get lost, and is not sent
// again within one attempt.
const browserTime = 2 * time.Second

// browserError says that the SQL Server Browser could not be asked for the port of an instance. The driver says only
// that there is no such instance, and would wait for an answer as long as for everything else.
// https://learn.microsoft.com/sql/tools/configuration-manager/sql-server-browser-service
type browserError struct {
	instance, address string
	err               error
}

func (e *browserError) Error() string {
	return fmt.Sprintf("ask the SQL Server Browser at %s (UDP) for the port of the instance %s: %v", e.address, e.instance, e.err)
}

func (e *browserError) Unwrap() error { return e.err }

// browse opens a way to the browser.
func (a *attempt) browse(ctx context.Context, network, address string) (net.Conn, error) {
	b := &browser{trace: a.trace, instance: a.to.instance, address: address}
	var err error
	if b.Conn, err = a.dial(ctx, network, address); err != nil {
		return nil, b.failed(err)
	}
	a.watch(b)
	return b, nil
}

type browser struct {
	net.Conn
	trace             *trace
	instance, address string
}

func (b *browser) failed(err error) error {
	if err != nil {
		b.trace.fail(&browserError{b.instance, b.address, err})
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
