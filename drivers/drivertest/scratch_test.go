package drivertest_test

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// What the client and the server of the scratch database say to each other: after the client has told in one
// byte whether it wants TLS and the server has answered, a login and any number of requests, each answered by a
// reply, in the encoding of encoding/gob.
type (
	scratchLogin struct{ User, Password, Database, App string }

	scratchRequest struct {
		Op        string // "query", "exec", "begin", "commit", "rollback"
		SQL       string
		Args      []scratchValue
		Isolation int // of database/sql
		ReadOnly  bool
	}

	scratchReply struct {
		Columns []string
		Rows    [][]scratchValue
		Changed int64
		Err     *scratchError
	}

	scratchValue struct{ V any } // gob takes no nil in a slice of interfaces,

	scratchBytes string // and makes nil of bytes that are none

	scratchError struct {
		Code       int
		Text       string
		Constraint string
	}
)

// The codes of a scratchError.
const (
	wrongLogin = iota + 1
	noDatabase
	noTLS
	readOnly
	busy
	duplicate
	dangling
	missing
	forbidden
	refused
	there
	unknown
	mistake
)

func init() {
	gob.Register(time.Time{})
	gob.Register(scratchBytes(""))
}

func pack(v any) scratchValue {
	if b, ok := v.([]byte); ok {
		return scratchValue{scratchBytes(b)}
	}
	return scratchValue{v}
}

func (v scratchValue) unpack() any {
	if b, ok := v.V.(scratchBytes); ok {
		return []byte(b)
	}
	return v.V
}

func (e *scratchError) Error() string { return fmt.Sprintf("scratch: %s (error %d)", e.Text, e.Code) }

type scratchDriver struct{}

func (scratchDriver) Open(string) (driver.Conn, error) { return nil, errors.ErrUnsupported }

// scratchConn is a connection of the client.
type scratchConn struct {
	nc     net.Conn
	enc    *gob.Encoder
	dec    *gob.Decoder
	broken bool
}

func scratchConnect(ctx context.Context, nc net.Conn, encryption *tls.Config, login scratchLogin) (driver.Conn, error) {
	c := &scratchConn{nc: nc}
	err := c.during(ctx, func() error {
		wish := []byte("P")
		if encryption != nil {
			wish = []byte("T")
		}
		if _, err := c.nc.Write(wish); err != nil {
			return err
		}
		if encryption != nil {
			var answer [1]byte
			if _, err := io.ReadFull(c.nc, answer[:]); err != nil {
				return err
			}
			if answer[0] != 'T' {
				return &scratchError{Code: noTLS, Text: "the server has no TLS"}
			}
			c.nc = tls.Client(nc, encryption)
		}
		c.enc, c.dec = gob.NewEncoder(c.nc), gob.NewDecoder(c.nc)
		if err := c.enc.Encode(login); err != nil {
			return err
		}
		return c.receive(new(scratchReply))
	})
	if err != nil {
		return nil, errors.Join(err, c.nc.Close())
	}
	return c, nil
}

// during runs what reads and writes, and stops it when ctx ends, after which the connection is of no use.
func (c *scratchConn) during(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.nc.SetDeadline(time.Unix(1, 0)) })
	err := f()
	if !stop() {
		c.broken = true
		return errors.Join(context.Cause(ctx), err)
	}
	if answer := (*scratchError)(nil); err != nil && !errors.As(err, &answer) {
		c.broken = true
	}
	return err
}

func (c *scratchConn) receive(reply *scratchReply) error {
	if err := c.dec.Decode(reply); err != nil {
		return &net.OpError{Op: "read", Net: c.nc.RemoteAddr().Network(), Err: err} // a bare io.EOF could be that of a file
	}
	if reply.Err != nil {
		return reply.Err
	}
	return nil
}

func (c *scratchConn) do(ctx context.Context, request scratchRequest) (*scratchReply, error) {
	if c.broken {
		return nil, driver.ErrBadConn
	}
	reply := new(scratchReply)
	return reply, c.during(ctx, func() error {
		if err := c.enc.Encode(request); err != nil {
			return err
		}
		return c.receive(reply)
	})
}

func (c *scratchConn) run(ctx context.Context, op, query string, args []driver.NamedValue) (*scratchReply, error) {
	request := scratchRequest{Op: op, SQL: query}
	for _, a := range args {
		request.Args = append(request.Args, pack(a.Value))
	}
	return c.do(ctx, request)
}

func (c *scratchConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	reply, err := c.run(ctx, "query", query, args)
	if err != nil {
		return nil, err
	}
	return &scratchRows{reply}, nil
}

func (c *scratchConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	reply, err := c.run(ctx, "exec", query, args)
	if err != nil {
		return nil, err
	}
	return driver.RowsAffected(reply.Changed), nil
}

func (c *scratchConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	_, err := c.do(ctx, scratchRequest{Op: "begin", Isolation: int(opts.Isolation), ReadOnly: opts.ReadOnly})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (c *scratchConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *scratchConn) Commit() error { return c.end("commit") }

func (c *scratchConn) Rollback() error { return c.end("rollback") }

func (c *scratchConn) end(op string) error {
	_, err := c.do(context.Background(), scratchRequest{Op: op})
	return err
}

func (c *scratchConn) Prepare(query string) (driver.Stmt, error) { return &scratchStmt{c, query}, nil }

func (c *scratchConn) IsValid() bool { return !c.broken }

func (c *scratchConn) Close() error { return c.nc.Close() }

// scratchStmt is a prepared statement, which this database has no faster way for.
type scratchStmt struct {
	conn interface {
		driver.ExecerContext
		driver.QueryerContext
	}
	query string
}

func (s *scratchStmt) NumInput() int { return -1 }

func (s *scratchStmt) Close() error { return nil }

func (s *scratchStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }

func (s *scratchStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errors.ErrUnsupported }

func (s *scratchStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, args)
}

func (s *scratchStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, args)
}

type scratchRows struct{ reply *scratchReply }

func (r *scratchRows) Columns() []string { return r.reply.Columns }

func (r *scratchRows) Close() error { return nil }

func (r *scratchRows) Next(row []driver.Value) error {
	if len(r.reply.Rows) == 0 {
		return io.EOF
	}
	for i, value := range r.reply.Rows[0] {
		row[i] = value.unpack()
	}
	r.reply.Rows = r.reply.Rows[1:]
	return nil
}
