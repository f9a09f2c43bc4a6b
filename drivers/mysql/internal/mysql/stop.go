package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// stopper ends, on the server, statements that were given up: the server would go on with them, and commit. It has at
// most one connection at a time, for as long as there is something to stop.
type stopper struct {
	connector *connector
	warn      func(error) // may be nil

	mu      sync.Mutex
	waiting []*identity
	done    chan struct{} // closed when all is stopped; nil while there is nothing to stop
	cancel  context.CancelFunc
}

const (
	stopTimeout = 5 * time.Second // for what is stopped over one connection
	stopGrace   = time.Second     // what closing a pool waits for it
)

// stop returns at once.
func (s *stopper) stop(who *identity) {
	s.mu.Lock()
	s.waiting = append(s.waiting, who)
	if s.done == nil {
		s.done = make(chan struct{})
		s.next()
	}
	s.mu.Unlock()
}

// next stops what is waiting. It is called with mu held.
func (s *stopper) next() {
	all := s.waiting
	s.waiting = nil
	if len(all) == 0 {
		close(s.done)
		s.done = nil
		return
	}
	var ctx context.Context
	ctx, s.cancel = context.WithTimeout(context.Background(), stopTimeout)
	go s.run(ctx, s.cancel, all)
}

func (s *stopper) run(ctx context.Context, cancel context.CancelFunc, all []*identity) {
	var further *socket // of the connection in use
	var err error
	returned := false
	defer func() {
		if !returned { // the driver or the dialer panics, or calls runtime.Goexit
			err = notStopped(newPanicError(nil, recover()), all...)
			if further != nil {
				_ = further.Close()
			}
		}
		cancel()
		if err != nil && s.warn != nil {
			s.warn(err)
		}
		s.mu.Lock()
		s.next()
		s.mu.Unlock()
	}()
	conn, further, err := s.connector.connect(ctx, nil, nil)
	if err != nil {
		err = notStopped(err, all...)
	} else {
		err = stopAll(ctx, conn, &further.identity, all)
		_ = conn.Close() // all that it was for is done
	}
	returned = true
}

// close waits for what is being stopped, for a time that is usually plenty, and then has it fail. What could not be stopped
// has been warned of when it returns, but for a dialer that ignores its context.
func (s *stopper) close() {
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	if done == nil {
		return
	}
	patience := time.NewTimer(stopGrace)
	select {
	case <-done:
	case <-patience.C:
		s.mu.Lock()
		waiting := s.waiting
		s.waiting = nil
		s.cancel()
		s.mu.Unlock()
		if len(waiting) > 0 && s.warn != nil {
			s.warn(notStopped(context.DeadlineExceeded, waiting...))
		}
		patience.Reset(stopGrace)
		select {
		case <-done:
		case <-patience.C:
		}
	}
}

func notStopped(err error, all ...*identity) error {
	ids := make([]string, len(all))
	for i, who := range all {
		ids[i] = fmt.Sprint(who.id)
	}
	return fmt.Errorf("what connection %s was doing when its context ended may go on on the server: %w", strings.Join(ids, ", "), err)
}

// stopAll stops them over the connection conn, of which me tells.
func stopAll(ctx context.Context, conn driver.Conn, me *identity, all []*identity) error {
	var err error
	for _, who := range all {
		found, failed := find(ctx, conn, me, who)
		if found {
			_, failed = conn.(driver.ExecerContext).ExecContext(ctx, fmt.Sprint("KILL ", who.id), nil)
		}
		if said, ok := errors.AsType[*mysql.MySQLError](failed); ok && said.Number == noSuchThread {
			continue
		}
		switch {
		case failed == nil:
		case err == nil:
			err = notStopped(failed, who)
		default:
			err = fmt.Errorf("%w; %w", err, notStopped(failed, who))
		}
	}
	return err
}

const noSuchThread = 1094 // ER_NO_SUCH_THREAD

// errStranger is a refusal to guess.
var errStranger = errors.New("the connection that was to stop it is not proven to be to the same server: " +
	"turn on performance_schema there, or connect without a balancer or translation of addresses in between")

// tokenAttribute is a connection attribute with a random value.
const tokenAttribute = "patchbay_connection"

// find reports whether a connection is there on the server that conn is connected to. An id alone is no proof: behind
// a balancer, and after a restart, the same one may be a stranger's.
//
// MySQL shows the attributes of all connections of an account to each of them; MariaDB does where performance_schema is
// turned on, which it is not by default.
// https://dev.mysql.com/doc/refman/8.4/en/performance-schema-session-account-connect-attrs-table.html
//
// Both show where their connections come from. An address and port that the server sees as they are here are those
// of one connection. Whether it sees them so, conn tells. At a unix socket nothing can be in between that changes the server,
// and ids only grow while a server runs.
// https://mariadb.com/kb/en/information-schema-processlist-table/
func find(ctx context.Context, conn driver.Conn, me, who *identity) (bool, error) {
	both := fmt.Sprintf(" IN (%d, %d)", me.id, who.id)
	values, err := ask(ctx, conn, "SELECT PROCESSLIST_ID, ATTR_VALUE FROM performance_schema.session_account_connect_attrs"+
		" WHERE ATTR_NAME = '"+tokenAttribute+"' AND PROCESSLIST_ID"+both)
	if _, refused := errors.AsType[*mysql.MySQLError](err); err != nil && !refused {
		return false, err
	}
	mine, his := values[me.id], values[who.id]
	if mine == me.token && me.user == who.user {
		return his == who.token, whether(his == who.token || his == "" && me.id > who.id)
	}
	hosts, err := ask(ctx, conn, "SELECT ID, HOST FROM information_schema.PROCESSLIST WHERE ID"+both)
	if err != nil {
		return false, err
	}
	mine, his = hosts[me.id], hosts[who.id]
	if his == "" { // it has ended, unless it is elsewhere, or not for us to see
		return false, whether(me.id > who.id && me.user == who.user)
	}
	same := me.id > who.id && isFrom(mine, me.local) && isFrom(his, who.local) && hostOf(mine) == hostOf(his)
	return same, whether(same)
}

func whether(proven bool) error {
	if !proven {
		return errStranger
	}
	return nil
}

// isFrom reports whether the server sees a connection as it is here: as "host:port", with the host's name or
// address, or as "localhost" for a unix socket.
func isFrom(seen string, local net.Addr) bool {
	switch local := local.(type) {
	case *net.TCPAddr:
		return strings.HasSuffix(seen, fmt.Sprint(":", local.Port))
	case *net.UnixAddr:
		return seen == "localhost"
	}
	return false
}

func hostOf(seen string) string {
	if i := strings.LastIndexByte(seen, ':'); i >= 0 {
		return seen[:i]
	}
	return seen
}

// ask returns the rows of a query of an id and a text.
func ask(ctx context.Context, conn driver.Conn, query string) (map[uint32]string, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	texts := make(map[uint32]string)
	if len(rows.Columns()) != 2 {
		return nil, errNotMySQL
	}
	for row := make([]driver.Value, 2); ; {
		if err := rows.Next(row); err == io.EOF {
			return texts, nil
		} else if err != nil {
			return nil, err
		}
		if id, err := strconv.ParseUint(text(row[0]), 10, 32); err == nil {
			texts[uint32(id)] = text(row[1])
		}
	}
}

func text(v driver.Value) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}
