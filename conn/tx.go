package conn

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sethvargo/go-retry"
)

// ErrCommitUnknown is in the error of [Conn.InTx] when nobody knows whether the transaction took effect, because the
// connection broke or the context ended during the commit. It is not run again: look whether it did.
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

// InTx runs fn in a transaction and commits it. If fn returns an error, panics or ends its goroutine, the transaction
// is rolled back.
//
// If another transaction got in between, which is [KindConflict], or with a database of a single writer [KindBusy],
// InTx begins again and calls fn once more, after a pause of random length of up to 10 ms, which doubles to 1 s, at most
// 10 times in all and within ctx. So fn must have no effects but those in the database, and must return the errors of
// its statements, wrapped or not: a database may have rolled back with the first of them. A commit of which nobody knows
// whether it took effect is not repeated: [ErrCommitUnknown] is in the error then.
//
// fn must neither commit nor roll back. A call of InTx in it would be a transaction of its own, not a part of this one.
// opts may be nil; an isolation level that the dialect does not have is an error before fn is called.
func (c *Conn) InTx(ctx context.Context, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	return c.inTx(ctx, c.DB, opts, fn)
}

// InTxOn is [Conn.InTx] on one connection of the pool, for transactions that need what belongs to a session, such as
// an advisory lock.
func (c *Conn) InTxOn(ctx context.Context, one *sql.Conn, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	return c.inTx(ctx, one, opts, fn)
}

func (c *Conn) inTx(ctx context.Context, db beginner, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	if opts != nil {
		if err := c.checkLevel(opts.Isolation); err != nil {
			return err
		}
	}
	attempts := 0
	var last error // kept apart from what Do sees, which may be an error of fn that asks for a retry of go-retry's
	waits := retry.WithCappedDuration(lastTxWait, retry.NewExponential(firstTxWait))
	end := retry.Do(ctx, retry.WithMaxRetries(txAttempts-1, retry.WithFullJitter(waits)), func(ctx context.Context) error {
		attempts++
		if last = c.try(ctx, db, opts, fn); c.again(last) {
			return retry.RetryableError(last)
		}
		return nil
	})
	switch {
	case attempts == 0:
		return end // of the context
	case attempts == 1 && end == nil:
		return last
	case end != nil && ctx.Err() != nil && !errors.Is(last, end):
		return fmt.Errorf("%w (transaction tried %s): %w", last, times(attempts), end)
	case last == nil:
		return nil
	}
	return fmt.Errorf("%w (transaction tried %s)", last, times(attempts))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// checkLevel refuses an isolation level that the dialect does not have.
func (c *Conn) checkLevel(level sql.IsolationLevel) error {
	levels := c.Info().Levels
	if level == sql.LevelDefault || len(levels) == 0 || slices.Contains(levels, level) {
		return nil
	}
	var names []string
	for _, l := range levels {
		names = append(names, l.String())
	}
	return fmt.Errorf("isolation level %v is not supported by %s: use one of %s", level, c.Dialect(), strings.Join(names, ", "))
}

// again reports whether a transaction may succeed when it is run again from its start.
func (c *Conn) again(err error) bool {
	if err == nil || errors.Is(err, ErrCommitUnknown) {
		return false
	}
	switch diagnose(err, c.pool.driver).Kind {
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
		if opts == nil || !opts.ReadOnly {
			_ = c.Diagnose(err) // the pool hears of a refused write
		}
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return c.commitError(ctx, err)
	}
	return nil
}

// commitError adds ErrCommitUnknown to an error of Commit unless it is certain that the transaction was rolled back:
// it had ended before, or the server has answered, with more than that it could not finish. The bare error of a context
// is not certain. database/sql returns it for a commit that it did not send, and go-mssqldb for one that it did.
func (c *Conn) commitError(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) { // by fn, or because the context has ended
		return cmp.Or(ctx.Err(), err)
	}
	d := diagnose(err, c.pool.driver)
	switch d.Kind {
	case KindLost, KindTimeout, KindCanceled, KindStarting, KindUnreachable, KindIO:
	default:
		if d.Code != "" {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
}
