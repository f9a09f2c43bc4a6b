package conn

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sethvargo/go-retry"
)

// ErrCommitUnknown is in the error of [Conn.InTx] when the connection broke during the commit, so that nobody knows
// whether the transaction took effect. It is not run again: look whether it did.
var ErrCommitUnknown = errors.New("the outcome of the commit is not known")

// How often and how soon InTx runs a transaction again.
const (
	txAttempts  = 10
	firstTxWait = 10 * time.Millisecond // doubles each time
	lastTxWait  = time.Second
)

// beginner is a *sql.DB or a *sql.Conn.
type beginner interface {
	BeginTx(context.Context, *sql.TxOptions) (*sql.Tx, error)
}

// InTx runs fn in a transaction and commits it. If fn returns an error or panics, the transaction is rolled back.
//
// If another transaction got in between, which is [KindConflict], or with a database of a single writer [KindBusy],
// InTx begins again and calls fn once more, after a pause of random length of up to 10 ms, which doubles to 1 s, at most
// 10 times in all and within ctx. So fn must have no effects but those in the database, and must return the errors of
// its statements. A commit of which nobody knows whether it took effect is not repeated: [ErrCommitUnknown] is in the
// error then.
//
// fn must neither commit nor roll back, and must not call InTx, which would be a transaction of its own. opts may be
// nil; an isolation level that the dialect does not have is an error before fn is called.
func (c *Conn) InTx(ctx context.Context, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	return c.inTx(ctx, c.DB, opts, fn)
}

// InTxOn is [Conn.InTx] on one connection of the pool, for transactions that need what belongs to a session, such as
// an advisory lock.
func (c *Conn) InTxOn(ctx context.Context, one *sql.Conn, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	return c.inTx(ctx, one, opts, fn)
}

func (c *Conn) inTx(ctx context.Context, db beginner, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	attempts := 0
	var last error
	waits := retry.WithCappedDuration(lastTxWait, retry.NewExponential(firstTxWait))
	err := retry.Do(ctx, retry.WithMaxRetries(txAttempts-1, retry.WithFullJitter(waits)), func(ctx context.Context) error {
		attempts++
		last = c.try(ctx, db, opts, fn)
		if last != nil && !errors.Is(last, ErrCommitUnknown) && c.again(last) {
			return retry.RetryableError(last)
		}
		return last
	})
	switch {
	case err == nil || attempts == 0:
		return err
	case ctx.Err() != nil && !errors.Is(last, ctx.Err()) && !errors.Is(last, ErrCommitUnknown):
		return fmt.Errorf("%w (transaction tried %d times: %w)", last, attempts, context.Cause(ctx))
	case attempts > 1:
		return fmt.Errorf("%w (transaction tried %d times)", last, attempts)
	}
	return last
}

// again reports whether a transaction may succeed when it is run again from its start.
func (c *Conn) again(err error) bool {
	switch c.Diagnose(err).Kind {
	case KindConflict:
		return true
	case KindBusy:
		return c.Info().SingleWriter
	}
	return false
}

// try runs the transaction once.
func (c *Conn) try(ctx context.Context, db beginner, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // fn failed, panics or ends the goroutine
			_ = tx.Rollback() // there is a better error to return
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return c.commitError(ctx, err)
	}
	return nil
}

// commitError adds ErrCommitUnknown to an error of Commit unless it is certain that the transaction was rolled back:
// database/sql did not send the commit because the context had ended or fn has ended the transaction, or the server has
// answered, and not with the end of the connection.
func (c *Conn) commitError(ctx context.Context, err error) error {
	if err == ctx.Err() || err == sql.ErrTxDone {
		return err
	}
	d := c.Diagnose(err)
	switch d.Kind {
	case KindLost, KindTimeout, KindCanceled, KindStarting, KindUnreachable:
	default:
		if d.Code != "" {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
}
