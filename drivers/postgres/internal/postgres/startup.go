package postgres

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// startup is what pgx reads a connection through. Until the login is over it looks at each message before pgx does:
// what answers may not be PostgreSQL, and must not get the password, take memory, or hold this process up. Its limits
// are those of libpq: https://github.com/postgres/postgres/blob/master/src/interfaces/libpq/fe-connect.c
type startup struct {
	in        io.Reader
	ahead     *bufio.Reader // what it has read of in; nil once that is with pgx, after the login
	cleartext bool          // the password may be sent as it is
	buffer    []byte
	message   []byte // the part of buffer that pgx has not read yet
	total     int
	accepted  bool // the server has let the user in
	over      bool
}

const (
	longestMessage = 30000   // of a login
	longestAnswer  = 2000    // about authentication
	longestLogin   = 1 << 20 // all messages together
	mostRounds     = 1_000_000
)

var (
	errNotPostgres = errors.New("what answers does not speak PostgreSQL's protocol")
	errCleartext   = errors.New("the server asks for the password in clear over a connection that is not encrypted")
	errRounds      = errors.New("the server asks for more rounds of hashing than are safe to do")
)

// hungUpError is the end of the stream, which for pgx is [io.ErrUnexpectedEOF] whenever it comes. That alone could be an
// error of anything.
type hungUpError struct{}

func (hungUpError) Error() string { return "the server closed the connection: unexpected EOF" }
func (hungUpError) Unwrap() error { return io.ErrUnexpectedEOF }

func newStartup(in io.Reader, cleartext bool) *startup {
	return &startup{in: in, ahead: bufio.NewReader(in), cleartext: cleartext}
}

func (s *startup) Read(p []byte) (n int, err error) {
	switch {
	case s.ahead == nil:
		n, err = s.in.Read(p)
	case !s.over && len(s.message) == 0:
		if err = s.next(); err == nil {
			n = s.hand(p)
		}
	case len(s.message) > 0:
		n = s.hand(p)
	default:
		n, err = s.ahead.Read(p)
	}
	if s.over && len(s.message) == 0 && s.ahead != nil && s.ahead.Buffered() == 0 {
		s.ahead, s.buffer, s.message = nil, nil, nil
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = hungUpError{}
	}
	return n, err
}

func (s *startup) hand(p []byte) int {
	n := copy(p, s.message)
	s.message = s.message[n:]
	return n
}

// next reads a message and checks it.
func (s *startup) next() error {
	header, err := s.ahead.Peek(5)
	if err != nil {
		return err
	}
	kind, length := header[0], int64(binary.BigEndian.Uint32(header[1:]))
	if err := s.expect(kind, length); err != nil {
		return err
	}
	if s.total += int(length) + 1; s.total > longestLogin {
		return fmt.Errorf("%w: it says more than %d bytes before the login is over", errNotPostgres, longestLogin)
	}
	s.buffer = slices.Grow(s.buffer[:0], 1+int(length))[:1+length]
	if _, err := io.ReadFull(s.ahead, s.buffer); err != nil {
		return err
	}
	s.message = s.buffer
	return s.check(kind, s.buffer[5:])
}

// expect checks what a message is and how long, which includes the four bytes that say so.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
func (s *startup) expect(kind byte, length int64) error {
	least, most := int64(4), int64(0)
	switch {
	case kind == 'R': // Authentication...
		least, most = 8, longestAnswer
	case kind == 'v': // NegotiateProtocolVersion
		least, most = 12, longestAnswer
	case kind == 'E': // ErrorResponse
		least, most = 8, longestMessage
	case !s.accepted: // nothing else comes before the user is let in
	case kind == 'N', kind == 'S', kind == 'A': // NoticeResponse, ParameterStatus, NotificationResponse
		most = longestMessage
	case kind == 'K': // BackendKeyData
		least, most = 12, 8+256
	case kind == 'Z': // ReadyForQuery
		least, most = 5, 5
	}
	if length < least || length > most {
		return fmt.Errorf("%w: it sends a message %q of %d bytes", errNotPostgres, kind, length)
	}
	return nil
}

// The methods of authentication that the rest of a message depends on.
const (
	authOK           = 0
	authCleartext    = 3
	authMD5          = 5
	authSASLContinue = 11
	authUnknown      = 256 // the methods are counted up, and far below
)

// check looks into a message.
func (s *startup) check(kind byte, body []byte) error {
	switch kind {
	case 'R':
		method, rest := binary.BigEndian.Uint32(body), body[4:]
		switch {
		case method >= authUnknown, method == authMD5 && len(rest) != 4, (method == authOK || method == authCleartext) && len(rest) != 0:
			return fmt.Errorf("%w: it asks for authentication by %q", errNotPostgres, body)
		case method == authOK:
			s.accepted = true
		case method == authCleartext && !s.cleartext:
			return errCleartext
		case method == authSASLContinue:
			return checkRounds(rest)
		}
	case 'E', 'N':
		if !isReport(body) {
			return fmt.Errorf("%w: it sends a message %q that has no fields", errNotPostgres, kind)
		}
	case 'Z':
		s.over = true
	}
	return nil
}

// checkRounds reads how often SCRAM hashes the password, i in https://www.rfc-editor.org/rfc/rfc5802#section-5.1
// Two thousand times what PostgreSQL asks for takes pgx seconds in which it heeds no context.
func checkRounds(said []byte) error {
	_, digits, _ := bytes.Cut(said, []byte(",i="))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err == nil && n <= mostRounds || errors.Is(err, strconv.ErrSyntax) { // which pgx refuses
		return nil
	}
	return fmt.Errorf("%w: %d, and the most is %d", errRounds, n, mostRounds)
}

// isReport reports whether body consists of fields, of which one is a code or a message.
// https://www.postgresql.org/docs/current/protocol-error-fields.html
func isReport(body []byte) bool {
	code, text := false, false
	for len(body) > 1 {
		end := bytes.IndexByte(body, 0)
		if end < 0 {
			return false
		}
		code, text = code || body[0] == 'C' && end == 1+5, text || body[0] == 'M'
		body = body[end+1:]
	}
	return (code || text) && len(body) == 1 && body[0] == 0
}

// answerToTLS reads what the server says to a request for TLS: one byte, or an error.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
func answerToTLS(in io.Reader) ([]byte, error) {
	answer := make([]byte, 1)
	if _, err := io.ReadFull(in, answer); err != nil {
		return nil, err
	}
	if bytes.IndexByte([]byte("SNE"), answer[0]) < 0 {
		return nil, fmt.Errorf("%w: it answers a request for TLS with %q", errNotPostgres, answer)
	}
	return answer, nil
}
