package tdstest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/registry"
)

// Options is what a server is like. A zero value means the default that is given with the field.
type Options struct {
	Addr string // to listen on; default a free port of 127.0.0.1. With the Addr of a server that is closed it is back.

	User, Password string   // the one login; default sa and Str0ng-Passw0rd
	AccessToken    string   // a second way to log in, without a user; default none
	Databases      []string // that exist besides master and tempdb; default patchbay
	MaxConnections int      // logins at a time; default unlimited
	ReadOnly       bool     // databases take no writes, as those of a readable secondary

	TLS        *tls.Config // with the server's certificate; default none, and no encryption whatever Encryption says
	Encryption Encryption  // default: what the client wants

	// Login decides about a login, in place of the fields above; default nil.
	Login func(Login) LoginAnswer
}

// Defaults of [Options].
const (
	DefaultUser     = "sa"
	DefaultPassword = "Str0ng-Passw0rd"
	DefaultDatabase = "patchbay"
)

func (o Options) withDefaults() Options {
	o.User = orDefault(o.User, DefaultUser)
	o.Password = orDefault(o.Password, DefaultPassword)
	if o.Databases == nil {
		o.Databases = []string{DefaultDatabase}
	}
	return o
}

// encryption is what the server can offer.
func (o Options) encryption() Encryption {
	if o.TLS == nil {
		return EncryptionRefused
	}
	return o.Encryption
}

// database returns the name of an existing database as it was given, whatever the case of name.
func (o Options) database(name string) (string, bool) {
	for _, known := range append([]string{"master", "tempdb"}, o.Databases...) {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}

// Server is a running server. Its methods may be called concurrently.
type Server struct {
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup // the accepting goroutine and the sessions

	ticketKey [32]byte // with which clients resume sessions of TLS

	mu          sync.Mutex
	options     Options
	handlers    map[string]Handler // by what bare makes of their texts
	faults      []Fault
	connections []*Connection
	sessions    map[*session]struct{} // those that are open
	changed     chan struct{}         // closed and replaced when a connection has changed
	down        bool                  // no connection is admitted any more
	lastTran    uint64
}

// New starts a server.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	listen := testport.Listen
	if o.Addr != "" {
		listen = func() (net.Listener, error) { return net.Listen("tcp", o.Addr) }
	}
	listener, err := listen()
	if err != nil {
		return nil, fmt.Errorf("start a TDS server: %w", err)
	}
	s := &Server{
		listener: listener, options: o, handlers: make(map[string]Handler),
		sessions: make(map[*session]struct{}), changed: make(chan struct{}),
	}
	rand.Read(s.ticketKey[:]) // never fails
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.running.Go(s.accept)
	return s, nil
}

// Start starts a server that is closed when the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptor, or a client that has left: the next may be luckier
			if sleep(s.ctx, 10*time.Millisecond) != nil {
				return
			}
			continue
		}
		session := s.admit(conn)
		s.running.Go(session.serve)
	}
}

// firstID is the first session ID that SQL Server gives to users; it keeps the lower ones for itself.
const firstID = 51

func (s *Server) admit(conn net.Conn) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	record := &Connection{ID: firstID + len(s.connections), Open: true}
	s.connections = append(s.connections, record)
	session := newSession(s, conn, record)
	s.sessions[session] = struct{}{}
	if s.down {
		conn.Close() // it was accepted while the server closed
	}
	return session
}

// Addr returns host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Port returns the port.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Config returns what to open the first of the server's Databases with. It says nothing of TLS.
func (s *Server) Config() registry.Config {
	o := s.Options()
	cfg := registry.Config{
		Dialect: "mssql", Host: "127.0.0.1", Port: s.Port(), User: o.User, Password: registry.NewSecret(o.Password), Database: "master",
	}
	if len(o.Databases) > 0 {
		cfg.Database = o.Databases[0]
	}
	return cfg
}

// Options returns what the server is like now.
func (s *Server) Options() Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options
}

// Configure changes what the server is like for connections to come. Addr stays what it is.
func (s *Server) Configure(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.options)
	s.options = s.options.withDefaults()
}

// Kill ends the connection with an ID as KILL does: the request that it works on fails with [Killed], and an idle one is
// closed. It reports whether the connection was open.
func (s *Server) Kill(id int) bool {
	for _, session := range s.open() {
		if session.record.ID == id {
			session.kill(errKilled)
			return true
		}
	}
	return false
}

// KillAll is Kill for every connection.
func (s *Server) KillAll() {
	for _, session := range s.open() {
		session.kill(errKilled)
	}
}

func (s *Server) open() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list()
}

// last closes the door, and returns who is inside.
func (s *Server) last() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	s.listener.Close() // fails only when it is closed already
	return s.list()
}

func (s *Server) list() []*session {
	list := make([]*session, 0, len(s.sessions))
	for session := range s.sessions {
		list = append(list, session)
	}
	return list
}

// Shutdown ends the server as SHUTDOWN does: requests that run are told so, idle connections are closed, and nobody
// listens any more. It returns when all are gone.
func (s *Server) Shutdown() {
	for _, session := range s.last() {
		session.kill(errShutdown)
	}
	s.running.Wait()
	s.cancel(errClosed)
}

// Close ends the server and all connections at once, as when its process dies, and waits until nothing of it is
// left. It may be called again.
func (s *Server) Close() {
	s.cancel(errClosed)
	for _, session := range s.last() {
		session.raw.Close()
	}
	s.running.Wait()
}
