package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// grace is the time a server has to stop a statement after its context has ended.
const grace = 2 * time.Second

// open opens a connection in one attempt. done must be called; when ctx ends before that, what has not come to
// an end after the grace is cut off, as a server that does not answer a query does not answer a cancellation.
// done tells whether that was so.
func open(ctx context.Context, c connection, opts ...conn.Option) (db *conn.Conn, done func() (aborted bool, err error), err error) {
	c.cfg.Pool, c.cfg.Retry, c.cfg.Lazy = conn.Pool{Max: 1}, conn.Retry{Max: -1}, false
	opts = append(opts, conn.WithName(c.name))
	db, err = conn.Open(ctx, c.cfg, opts...)
	if err != nil {
		return nil, nil, err
	}
	over := make(chan struct{})
	var aborted atomic.Bool
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-over:
		case <-time.After(grace):
			aborted.Store(true)
			// The caller that waits for the statement returns the reason.
			_ = db.Abort(nil)
		}
	})
	return db, func() (bool, error) {
		stop()
		close(over)
		return aborted.Load(), db.Close()
	}, nil
}
