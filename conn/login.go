package conn

import (
	"database/sql"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// login is one physical connection: its sockets, when it is to be replaced, and what is known of the server.
type login struct {
	netconn.Group
	host *host
	due  time.Time   // zero: never
	end  *time.Timer // until then; nil: never
	isIn atomic.Bool // the server has let it in, and the functions of WithSession run

	// The roles of the pool guards these.
	role  Role      // what the server was when it was asked last, or told itself; RoleAny: not known
	asked time.Time // when that was
}

// isOld reports whether the connection is to be replaced; l may be nil.
func (l *login) isOld() bool { return l != nil && !l.due.IsZero() && !l.due.After(time.Now()) }

// logins are the open connections of a pool that have sockets. The zero value is empty.
type logins struct {
	mu sync.Mutex
	by map[any]*login // by the driver's connection
}

// add keeps l until its sockets are closed. It does not keep one without sockets, or of a connection that cannot be compared.
func (s *logins) add(dc any, l *login) {
	if l.Empty() || !reflect.ValueOf(dc).Comparable() {
		l.stop()
		return
	}
	s.mu.Lock()
	if s.by == nil {
		s.by = make(map[any]*login)
	}
	s.by[dc] = l
	s.mu.Unlock()
	l.WhenEmpty(func() {
		l.stop()
		s.mu.Lock()
		delete(s.by, dc)
		s.mu.Unlock()
	})
}

func (l *login) stop() {
	if l.end != nil {
		l.end.Stop()
	}
}

// of returns that of a driver's connection, or nil.
func (s *logins) of(dc any) *login {
	if !reflect.ValueOf(dc).Comparable() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[dc]
}

func (s *logins) all() []*login {
	s.mu.Lock()
	all := make([]*login, 0, len(s.by))
	for _, l := range s.by {
		all = append(all, l)
	}
	s.mu.Unlock()
	return all
}

// loginOf returns that of a connection of the pool, or nil.
func (c *connector) loginOf(one *sql.Conn) (l *login) {
	_ = one.Raw(func(dc any) error { // which fails only for one that is closed already
		l = c.logins.of(dc)
		return nil
	})
	return l
}

// sockets returns those of a connection; none if l is nil.
func (l *login) sockets() *netconn.Group {
	if l == nil {
		return new(netconn.Group)
	}
	return &l.Group
}
