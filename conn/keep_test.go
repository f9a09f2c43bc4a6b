package conn_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

// kept is a pool whose keeper is watched.
type kept struct {
	*conn.Conn
	t      *testing.T
	user   *testuser.User
	events *recorded
}

const kept4 = 4

func keep(t *testing.T, s *testserver.Server) *kept {
	t.Helper()
	u := testuser.New(t, s)
	cfg := u.Config()
	cfg.Pool = conn.Pool{Min: kept4, Max: 2 * kept4}
	c, r := opens(t, cfg, conn.WithCheckInterval(20*time.Millisecond))
	k := &kept{c, t, u, r}
	k.full(0)
	return k
}

// full returns when, after the event of that number, the pool has been filled again, as nobody has asked for.
func (k *kept) full(after int) {
	k.t.Helper()
	await(k.t, "the pool is filled", func() bool {
		for _, e := range of[conn.Warmed](k.events)[after:] {
			if e.Err == nil && e.Ready == kept4 {
				return true
			}
		}
		return false
	})
	await(k.t, "its connections are idle, and the server has no other", func() bool {
		return k.Stats().Idle == kept4 && k.user.Sessions() == kept4
	})
}

func (k *kept) warmed() int { return len(of[conn.Warmed](k.events)) }

func TestTheKeeperReplacesWhatTheServerHasKilled(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		k := keep(t, servers[dialect](t))
		for range 3 {
			before := k.warmed()
			if n := k.user.Kill(); n != kept4 {
				t.Errorf("%d connections were killed", n)
			}
			k.full(before)
		}
		works(t, k.Conn)
	})
}

func TestTheKeeperFillsThePoolWhenTheServerIsBack(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := starters[dialect](t, testserver.Options{})
		k := keep(t, s)
		s.Stop(t)
		await(t, "the keeper has noticed", func() bool {
			all := of[conn.Warmed](k.events)
			last := all[len(all)-1]
			return last.Err != nil && conn.Retryable(last.Err) && last.Ready == 0
		})
		before := k.warmed()
		s.Restart(t, testserver.Options{})
		k.full(before)
		works(t, k.Conn)
	})
}

// counter is a statement that takes a moment, in which it may be cut off.
var counter = map[string]string{
	"postgres": "INSERT INTO counter SELECT $1::int FROM pg_sleep(0.003)",
	"mysql":    "INSERT INTO counter SELECT ? FROM (SELECT SLEEP(0.003)) s",
}

// durable has a server remember after a crash what it has said was done.
var durable = map[string]map[string]string{
	"postgres": {"synchronous_commit": "on"},
	"mysql":    {"innodb-flush-log-at-trx-commit": "1"},
}

func TestNoStatementRunsTwiceWhenItsConnectionDies(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		options := testserver.Options{Settings: durable[dialect]}
		s := starters[dialect](t, options)
		k := keep(t, s)
		if _, err := k.ExecContext(limit(t), "CREATE TABLE counter (n INT)"); err != nil {
			t.Fatal(err)
		}
		var next, failed atomic.Int64
		var done sync.Map
		stop := load(t, 4, func(ctx context.Context) error {
			n := next.Add(1)
			_, err := k.ExecContext(ctx, counter[dialect], n)
			switch kind := k.Diagnose(err).Kind; {
			case err == nil:
				done.Store(n, true)
			case kind.Retryable(), kind == conn.KindCanceled: // what MariaDB calls a statement that KILL has interrupted
				see(t, err)
				failed.Add(1)
				time.Sleep(time.Millisecond) // a server that is down fails at once
			default:
				return err
			}
			return nil
		})
		for failed.Load() < 10 {
			k.user.Kill()
		}
		s.Restart(t, options)
		s.Kill(t)
		s.Restart(t, options)
		after := next.Load()
		await(t, "there is work again", func() bool { return next.Load() > after+20 })
		stop()

		rows, err := k.QueryContext(limit(t), "SELECT n, COUNT(*) FROM counter GROUP BY n")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n, times int64
			if err := rows.Scan(&n, &times); err != nil {
				t.Fatal(err)
			}
			if times != 1 {
				t.Errorf("statement %d has run %d times", n, times)
			}
			done.Delete(n)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		for n := range done.Range {
			t.Errorf("statement %d succeeded and is lost", n)
		}
	})
}
