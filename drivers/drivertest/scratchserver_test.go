package drivertest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"
)

const scratchUser, scratchPoor, scratchPassword = "ada", "charles", "an engine that weaves"

// scratchServer answers with what SQLite says, and so needs no SQL of its own.
type scratchServer struct {
	listener  net.Listener
	tls       *tls.Config
	databases map[string]*sql.DB

	mu       sync.Mutex
	next     int
	sessions map[string]net.Conn
}

func startScratch(t *testing.T, encryption *tls.Config) *scratchServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scratchServer{listener: l, tls: encryption, databases: make(map[string]*sql.DB), sessions: make(map[string]net.Conn)}
	main := filepath.Join(t.TempDir(), "main")
	s.databases["main"] = openSQLite(t, main, 5*time.Second)
	s.databases["hasty"] = openSQLite(t, main, 20*time.Millisecond) // is the same, and waits for no lock
	s.databases["system"] = openSQLite(t, filepath.Join(t.TempDir(), "system"), 0)
	// As long as one connection is open none has to lock the file for the switch to WAL, for which another would have to wait.
	held, err := s.databases["main"].Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return // closed
			}
			serving.Go(func() { s.serve(nc) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, nc := range s.sessions {
			_ = nc.Close()
		}
		s.mu.Unlock()
		serving.Wait()
		_ = held.Close()
		for _, db := range s.databases {
			_ = db.Close()
		}
	})
	return s
}

func openSQLite(t *testing.T, path string, wait time.Duration) *sql.DB {
	t.Helper()
	params := url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()), "journal_mode(wal)", "foreign_keys(1)"}, "_txlock": {"immediate"},
		"_time_format": {"sqlite"}, "_timezone": {"UTC"},
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(-1) // so that nothing is left of a session
	return db
}

func (s *scratchServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

func (s *scratchServer) kill(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id].Close()
}

func (s *scratchServer) enter(nc net.Conn) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	id = strconv.Itoa(s.next)
	s.sessions[id] = nc
	return id
}

func (s *scratchServer) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, id)
}

// serve takes care of one client. What fails here fails for the client as well, and is its to report.
func (s *scratchServer) serve(nc net.Conn) {
	defer nc.Close()
	var wish [1]byte
	if _, err := io.ReadFull(nc, wish[:]); err != nil {
		return
	}
	if wish[0] == 'T' {
		if s.tls == nil {
			_, _ = nc.Write([]byte("N"))
			return
		}
		_, _ = nc.Write([]byte("T"))
		nc = tls.Server(nc, s.tls)
	}
	var login scratchLogin
	enc, dec := gob.NewEncoder(nc), gob.NewDecoder(nc)
	if err := dec.Decode(&login); err != nil {
		return
	}
	db := s.databases[login.Database]
	switch {
	case login.User != scratchUser && login.User != scratchPoor || login.Password != scratchPassword:
		_ = enc.Encode(scratchReply{Err: &scratchError{Code: wrongLogin, Text: "user or password is wrong"}})
		return
	case db == nil:
		_ = enc.Encode(scratchReply{Err: &scratchError{Code: noDatabase, Text: "there is no such database"}})
		return
	}
	session := &scratchSession{id: s.enter(nc), poor: login.User == scratchPoor}
	defer s.leave(session.id)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var err error
	if session.conn, err = db.Conn(ctx); err != nil {
		return
	}
	defer session.conn.Close()
	defer session.end("rollback")
	if err := enc.Encode(scratchReply{}); err != nil {
		return
	}

	// Requests are read while statements run, because that is how the end of a client is noticed.
	requests := make(chan scratchRequest)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer nc.Close()
	reading.Go(func() {
		defer close(requests)
		for {
			var request scratchRequest
			if err := dec.Decode(&request); err != nil {
				cancel()
				return
			}
			select {
			case requests <- request:
			case <-ctx.Done():
				return
			}
		}
	})
	for request := range requests {
		if err := enc.Encode(session.answer(ctx, request)); err != nil {
			cancel()
			return
		}
	}
}

// scratchSession is one client who has logged in.
type scratchSession struct {
	id        string
	conn      *sql.Conn
	tx        *sql.Tx
	isolation string
	poor      bool
	readOnly  bool
}

func (s *scratchSession) answer(ctx context.Context, request scratchRequest) (reply scratchReply) {
	err := s.try(ctx, request, &reply)
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		reply.Err = scratchErrorOf(e)
	} else if err != nil && !errors.As(err, &reply.Err) {
		reply.Err = &scratchError{Code: mistake, Text: err.Error()}
	}
	return reply
}

// scratchErrorOf has a code for each of SQLite's, https://www.sqlite.org/rescode.html, and takes the constraint out of
// its text.
func scratchErrorOf(e *sqlite.Error) *scratchError {
	said := &scratchError{Code: mistake, Text: e.Error()}
	codes := map[int]int{5: busy, 8: readOnly, 275: forbidden, 787: dangling, 1299: missing, 1555: duplicate, 2067: duplicate}
	for _, code := range []int{e.Code() & 0xff, e.Code()} {
		if known := codes[code]; known != 0 {
			said.Code = known
		}
	}
	switch {
	case said.Code == duplicate, said.Code == forbidden:
		_, name, _ := strings.Cut(said.Text, " constraint failed: ")
		said.Constraint, _, _ = strings.Cut(name, " (")
	case strings.Contains(said.Text, "already exists"):
		said.Code = there
	case strings.Contains(said.Text, "no such"), strings.Contains(said.Text, "has no column"):
		said.Code = unknown
	}
	return said
}

func (s *scratchSession) try(ctx context.Context, request scratchRequest, reply *scratchReply) error {
	if s.poor && strings.Contains(request.SQL, "drivertest_") {
		return &scratchError{Code: refused, Text: "this user may do nothing"}
	}
	var args []any
	for _, a := range request.Args {
		args = append(args, a.unpack())
	}
	switch request.Op {
	case "begin":
		return s.begin(ctx, request)
	case "commit", "rollback":
		return s.end(request.Op)
	case "exec":
		result, err := s.conn.ExecContext(ctx, request.SQL, args...)
		if err != nil {
			return err
		}
		reply.Changed, err = result.RowsAffected()
		return err
	}
	if what, ok := strings.CutPrefix(request.SQL, "SHOW "); ok {
		if what == "NOTHING" {
			<-ctx.Done() // the client is gone
			return ctx.Err()
		}
		reply.Columns = []string{what}
		reply.Rows = [][]scratchValue{{{map[string]string{"SESSION": s.id, "ISOLATION": s.isolation}[what]}}}
		return nil
	}
	rows, err := s.conn.QueryContext(ctx, request.SQL, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if reply.Columns, err = rows.Columns(); err != nil {
		return err
	}
	for rows.Next() {
		values, dest := make([]any, len(reply.Columns)), make([]any, len(reply.Columns))
		for i := range dest {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		var row []scratchValue
		for _, v := range values {
			row = append(row, pack(v))
		}
		reply.Rows = append(reply.Rows, row)
	}
	return rows.Err()
}

func (s *scratchSession) begin(ctx context.Context, request scratchRequest) error {
	isolation := map[int]string{
		int(sql.LevelDefault): "serializable", int(sql.LevelSerializable): "serializable",
		int(sql.LevelReadCommitted): "read committed",
	}[request.Isolation]
	if isolation == "" {
		return &scratchError{Code: mistake, Text: "there is no such isolation level"}
	}
	if request.ReadOnly {
		if _, err := s.conn.ExecContext(ctx, "PRAGMA query_only = on"); err != nil {
			return err
		}
	}
	tx, err := s.conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: request.ReadOnly})
	s.tx, s.isolation, s.readOnly = tx, isolation, request.ReadOnly
	return err
}

func (s *scratchSession) end(op string) error {
	if s.tx == nil {
		return nil
	}
	end := s.tx.Commit
	if op == "rollback" {
		end = s.tx.Rollback
	}
	err := end()
	if s.readOnly {
		_, off := s.conn.ExecContext(context.Background(), "PRAGMA query_only = off")
		err = errors.Join(err, off)
	}
	s.tx, s.readOnly = nil, false
	return err
}

// certificate returns one that signs itself.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
