package mssql

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

// TestEveryNumber has the server refuse the login with each of the numbers, as SQL Server does it: first the reason,
// then that the login failed.
func TestEveryNumber(t *testing.T) {
	s := start(t)
	seen := make(map[string]bool) // with the part of the text that is asked for
	for _, row := range codes {
		for code := range strings.FieldsSeq(row.Codes) {
			if code == "*" { // any other of a fatal severity
				continue
			}
			number, err := strconv.ParseInt(code, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			n := int32(number)
			if seen[code+row.Text] {
				t.Errorf("%d is in two rows", n)
			}
			seen[code+row.Text] = true
			reason := tdstest.Message{Number: n, Class: 14, Text: fmt.Sprint("reason ", n, " ", row.Text)}
			s.Configure(func(o *tdstest.Options) {
				o.Login = func(l tdstest.Login) tdstest.LoginAnswer {
					return tdstest.LoginAnswer{Messages: []tdstest.Message{reason, tdstest.LoginFailed(l.User)}}
				}
			})
			before := len(s.Connections())
			e := opening(t, s.Config())
			attempts := 1
			if row.Kind.Retryable() && !row.Permanent {
				attempts = 2
			}
			if tried := len(s.Connections()) - before; e.Kind != row.Kind || e.Attempts != attempts || tried != attempts {
				t.Errorf("%d: got the kind %q after %d attempts, want %q after %d: %v", n, e.Kind, e.Attempts, row.Kind, attempts, e)
			}
			if e.Hint == "" && row.Kind != registry.KindUnknown {
				t.Errorf("%d has no hint", n)
			}
			if row.Hint != "" && e.Hint != row.Hint {
				t.Errorf("the hint for %d is %q, want %q", n, e.Hint, row.Hint)
			}
			var server mssql.Error
			if !errors.As(e, &server) || len(server.All) != 2 {
				t.Errorf("%d: the driver's own error is not in %v", n, e)
			}
		}
	}
	if len(seen) < 90 {
		t.Errorf("only %d numbers are known", len(seen))
	}
}

func TestLoginsThatAreRefused(t *testing.T) {
	s := start(t)
	s.Configure(func(o *tdstest.Options) { o.MaxConnections = 1 })
	change := func(f func(*registry.Config)) registry.Config {
		cfg := s.Config()
		f(&cfg)
		return cfg
	}
	for name, c := range map[string]struct {
		cfg  registry.Config
		kind registry.Kind
	}{
		"wrong password": {change(func(c *registry.Config) { c.Password = registry.NewSecret("pw of somebody else") }), registry.KindAuth},
		"unknown user":   {change(func(c *registry.Config) { c.User = "nobody" }), registry.KindAuth},
		"no database":    {change(func(c *registry.Config) { c.Database = "missing" }), registry.KindNoDatabase},
	} {
		before := len(s.Connections())
		if e := opening(t, c.cfg); e.Kind != c.kind || e.Attempts != 1 || len(s.Connections()) != before+1 {
			t.Errorf("%s: got the kind %q after %d attempts: %v", name, e.Kind, e.Attempts, e)
		}
	}
	hold(t, pool(t, s.Config(), registry.Env{}))
	if e := opening(t, s.Config()); e.Kind != registry.KindTooMany || e.Attempts != 2 {
		t.Errorf("got the kind %q after %d attempts: %v", e.Kind, e.Attempts, e)
	}
}

func TestStatementsThatFail(t *testing.T) {
	s := start(t)
	fails := func(number int32, class byte) {
		m := tdstest.Message{Number: number, Class: class, Text: "for the test"}
		s.Handle(fmt.Sprint("fail ", number), tdstest.Fail(m).Always())
	}
	for _, c := range []struct {
		number int32
		class  byte
		kind   registry.Kind
		says   string
		final  bool
	}{
		{1205, 13, registry.KindConflict, "deadlock", false},
		{1222, 16, registry.KindBusy, "session.LOCK_TIMEOUT", true},
		{3906, 16, registry.KindReadOnly, "primary server", false},
		{229, 14, registry.KindDenied, "GRANT", false},
		{102, 15, registry.KindSyntax, "", false},
		{99999, 19, registry.KindUnknown, "", false},
		{99998, 20, registry.KindLost, "", false},
	} {
		fails(c.number, c.class)
		err := try(t, s.Config(), fmt.Sprint("fail ", c.number))
		expect(t, err, c.kind, c.says)
		if d := Driver().Diagnose(err); d.Permanent != c.final || d.Code != strconv.Itoa(int(c.number)) {
			t.Errorf("the diagnosis of %d is %+v", c.number, d)
		}
	}
}

// The texts are those of the server's list with names put in; a value that looks like a name comes after them.
// https://learn.microsoft.com/sql/relational-databases/errors-events/mssqlserver-547-database-engine-error
func TestConstraintsAreNamed(t *testing.T) {
	for _, c := range []struct {
		number int32
		text   string
		kind   registry.Kind
		want   string
	}{
		{547, `The INSERT statement conflicted with the FOREIGN KEY constraint "FK_child". The conflict occurred in database "shop", table "dbo.parent", column 'id'.`, registry.KindForeignKey, "FK_child"},
		{547, `The INSERT statement conflicted with the FOREIGN KEY SAME TABLE constraint "FK_self". The conflict occurred in database "shop", table "dbo.t", column 'id'.`, registry.KindForeignKey, "FK_self"},
		{547, `The DELETE statement conflicted with the REFERENCE constraint "FK_child". The conflict occurred in database "shop", table "dbo.child", column 'p'.`, registry.KindForeignKey, "FK_child"},
		{547, `The UPDATE statement conflicted with the CHECK constraint "CK_positive". The conflict occurred in database "shop", table "dbo.t", column 'n'.`, registry.KindCheck, "CK_positive"},
		{2601, `Cannot insert duplicate key row in object 'dbo.city' with unique index 'IX_name'. The duplicate key value is (unique index 'x').`, registry.KindUnique, "IX_name"},
		{2627, `Violation of UNIQUE KEY constraint 'UQ_name'. Cannot insert duplicate key in object 'dbo.city'. The duplicate key value is (constraint 'x').`, registry.KindUnique, "UQ_name"},
		{2627, `Violation of PRIMARY KEY constraint 'PK_city'. Cannot insert duplicate key in object 'dbo.city'. The duplicate key value is (1).`, registry.KindUnique, "PK_city"},
		{2627, `Verletzung der UNIQUE KEY-Einschränkung "UQ_name".`, registry.KindUnique, ""},
		{515, `Cannot insert the value NULL into column 'n', table 'shop.dbo.t'; column does not allow nulls. INSERT fails.`, registry.KindNotNull, ""},
	} {
		said := mssql.Error{Number: c.number, Class: 14, Message: c.text}
		last := mssql.Error{Number: 50000, Class: 16, Message: "rolled back by the procedure"}
		several := last
		several.All = []mssql.Error{said, last}
		for _, err := range []error{said, several} {
			if d := Driver().Diagnose(err); d.Kind != c.kind || d.Constraint != c.want || d.Code != strconv.Itoa(int(c.number)) {
				t.Errorf("the diagnosis of %q is %+v, want %q %q", c.text, d, c.kind, c.want)
			}
		}
	}
}

func TestConnectionsThatBreak(t *testing.T) {
	s := start(t)
	for name, fault := range map[string]tdstest.Fault{
		"hangs up":             {At: tdstest.OnRequest, Do: tdstest.Hangup},
		"resets":               {At: tdstest.OnRequest, Do: tdstest.Abort},
		"garbage":              {At: tdstest.OnRequest, Send: tdstest.Garbage},
		"hangs up in a result": {At: tdstest.InResult, Do: tdstest.Hangup},
		"garbage in a result":  {At: tdstest.InResult, Send: tdstest.Garbage},
	} {
		t.Run(name, func(t *testing.T) {
			session := hold(t, pool(t, s.Config(), registry.Env{}))
			s.Misbehave(fault)
			defer s.Misbehave()
			_, err := session.ExecContext(limit(t), "SELECT 1")
			expect(t, err, registry.KindLost, "")
			_, err = session.ExecContext(limit(t), "SELECT 1")
			expect(t, err, registry.KindLost, "") // the driver has given the connection up
		})
	}
	t.Run("killed", func(t *testing.T) {
		session := hold(t, pool(t, s.Config(), registry.Env{}))
		running := make(chan error, 1)
		go func() {
			_, err := session.ExecContext(limit(t), "WAITFOR DELAY '00:01:00'")
			running <- err
		}()
		s.Await(t, "the statement to run", func(all []tdstest.Connection) bool { return len(all[len(all)-1].Requests) > 0 })
		s.KillAll()
		err := <-running
		expect(t, err, registry.KindLost, "KILL")
		var severe mssql.ServerError
		if !errors.As(err, &severe) {
			t.Errorf("the error is a %T", err)
		}
	})
}

func TestErrorsOfTheDriver(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind registry.Kind
	}{
		{mssql.StreamError{InnerError: errors.New("unknown token type returned")}, registry.KindLost},
		{driver.ErrBadConn, registry.KindLost},
		{&net.OpError{Op: "Read", Err: errors.New("invalid packet size, it is longer than buffer size")}, registry.KindLost},
		{mssql.StreamError{InnerError: errors.New("did not get cancellation confirmation from the server (current response: context deadline exceeded)")}, registry.KindCanceled},
		{&failure{text: "no instance matching 'X' returned from host 'db'", driver: true}, registry.KindConfig},
		// A10: the same texts in errors of other programs, such as a dialer or a parser.
		{&failure{text: "no instance matching 'X' returned from host 'db'"}, registry.KindUnknown},
		{errors.New("no instance matching 'X'"), registry.KindUnknown},
		{mssql.StreamError{InnerError: errors.New("no instance matching 'X'")}, registry.KindLost},
		{&net.OpError{Op: "Read", Err: errors.New("no instance matching 'X'")}, registry.KindUnknown},
		{io.EOF, registry.KindUnknown},
		{io.ErrUnexpectedEOF, registry.KindUnknown},
		{&net.OpError{Op: "Read", Err: io.EOF}, registry.KindLost},
		{errors.New("invalid buffer"), registry.KindUnknown},
		{errors.New("Invalid TDS stream: x"), registry.KindUnknown},
		{errors.New("failed to send the report"), registry.KindUnknown},
		{errors.New("invalid packet size"), registry.KindUnknown},
		{&net.OpError{Op: "parse", Err: errors.New("invalid packet size")}, registry.KindUnknown},
		{errors.New("TLS Handshake failed: x"), registry.KindUnknown},
		{mssql.Error{Message: "Request failed but didn't provide reason"}, registry.KindUnknown},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err), errors.Join(errors.New("another"), c.err)} {
			expect(t, err, c.kind, "")
		}
	}
}

// TestTextOfALogin is case D3: an end of the stream is explained only where it stands alone.
func TestTextOfALogin(t *testing.T) {
	for said, want := range map[string]string{
		"EOF":                                 "the server closed the connection (EOF)",
		"Read: EOF":                           "Read: the server closed the connection (EOF)",
		"Invalid TDS stream: unexpected EOF":  "Invalid TDS stream: unexpected EOF",
		"no EOF":                              "no EOF",
		"one\ntwo":                            "one; two",
		"login error: Login failed for 'EOF'": "login error: Login failed for 'EOF'",
	} {
		a := &attempt{c: new(connector), trace: new(trace)}
		if got := a.explain(errors.New(said)).Error(); got != want {
			t.Errorf("%q became %q", said, got)
		}
	}
}
