//go:build postgres || alldrivers

package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

func init() { ways["postgres"] = runPostgres }

// runPostgres speaks the protocol itself: only so come all results of a batch with their numbers, notices, and the data of COPY,
// and only so is it certain what the server did when it was told to stop.
// https://www.postgresql.org/docs/current/protocol-flow.html
func runPostgres(ctx context.Context, c *sql.Conn, x execution) error {
	return c.Raw(func(driverConn any) error {
		own, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is a %T: the SQL cannot be sent over it", driverConn)
		}
		s := &session{execution: x, pg: own.Conn().PgConn(), types: own.Conn().TypeMap()}
		return s.run(ctx)
	})
}

type session struct {
	execution
	pg     *pgconn.PgConn
	types  *pgtype.Map
	typed  []uint32 // of the columns of the rows that are read
	cells  []rows.Cell
	silent bool // the results are not to be printed
	left   bool // answers are left unread
}

func (s *session) run(ctx context.Context) error {
	if !s.tx {
		return s.send(ctx, s.sql, s.args)
	}
	if err := s.quietly(ctx, "BEGIN"); err != nil {
		return err
	}
	err := s.send(ctx, s.sql, s.args)
	switch {
	case s.left, s.pg.IsClosed():
		return err
	case err == nil && s.pg.TxStatus() == 'I':
		return errors.New("the SQL has ended the transaction of --tx by itself: leave out its COMMIT or ROLLBACK, or --tx")
	case err == nil && ctx.Err() == nil:
		return s.quietly(ctx, "COMMIT")
	case err == nil:
		err = context.Cause(ctx)
	}
	return errors.Join(err, s.quietly(context.WithoutCancel(ctx), "ROLLBACK"))
}

func (s *session) quietly(ctx context.Context, statement string) error {
	s.silent = true
	defer func() { s.silent = false }()
	return s.send(ctx, statement, nil)
}

// send sends SQL, with arguments as one statement and without as a batch, and reads all answers.
func (s *session) send(ctx context.Context, text string, args []any) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	front := s.pg.Frontend()
	if len(args) == 0 {
		front.SendQuery(&pgproto3.Query{String: text})
	} else {
		parse, bind := &pgproto3.Parse{Query: text}, &pgproto3.Bind{}
		for _, arg := range args {
			oid, value := parameter(arg)
			parse.ParameterOIDs = append(parse.ParameterOIDs, oid)
			bind.Parameters = append(bind.Parameters, value)
		}
		front.SendParse(parse)
		front.SendBind(bind)
		front.SendDescribe(&pgproto3.Describe{ObjectType: 'P'})
		front.SendExecute(&pgproto3.Execute{})
		front.SendSync(&pgproto3.Sync{})
	}
	if err := front.Flush(); err != nil {
		return err
	}
	stop := s.stopWith(ctx)
	defer stop()
	return s.receive(text)
}

// stopWith asks the server to stop when ctx ends, again and again: a request that comes before the statement has begun, or
// between two of a batch, stops nothing.
func (s *session) stopWith(ctx context.Context) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		limit, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		go func() {
			select {
			case <-over:
				cancel()
			case <-limit.Done():
			}
		}()
		for limit.Err() == nil {
			_ = s.pg.CancelRequest(limit) // the answer to the statement says whether it has worked
			select {
			case <-limit.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() { close(over); <-done }
}

// receive reads what the server answers, to the end, and returns the first error.
func (s *session) receive(text string) (err error) {
	fail := func(failed error) {
		if err == nil {
			err = failed
		}
	}
	hasRows, copied := false, false
	for {
		message, failed := s.pg.ReceiveMessage(context.Background())
		if failed != nil {
			return errors.Join(err, failed)
		}
		switch m := message.(type) {
		case *pgproto3.RowDescription:
			hasRows = true
			fail(s.header(m))
		case *pgproto3.DataRow:
			if err == nil {
				fail(s.row(m))
			}
			if err != nil {
				return s.leave(err)
			}
		case *pgproto3.CommandComplete:
			if err == nil && !s.silent && !copied {
				fail(s.complete(pgconn.NewCommandTag(string(m.CommandTag)), hasRows))
			}
			hasRows, copied = false, false
		case *pgproto3.CopyOutResponse:
			copied = true
			fail(s.out.Flush())
		case *pgproto3.CopyData:
			if err == nil {
				_, failed := s.data.Write(m.Data)
				fail(failed)
			}
			if err != nil {
				return s.leave(err)
			}
		case *pgproto3.CopyInResponse:
			front := s.pg.Frontend()
			front.Send(&pgproto3.CopyFail{Message: "patchbay does not send data: use psql"})
			if !s.batch() {
				front.SendSync(&pgproto3.Sync{})
			}
			fail(front.Flush())
		case *pgproto3.ErrorResponse:
			fail(&serverError{pgconn.ErrorResponseToPgError(m), text})
		case *pgproto3.NoticeResponse:
			if !s.silent {
				s.notice(noticeOf(m))
			}
		case *pgproto3.ReadyForQuery:
			return err
		}
	}
}

// leave ends the session after a failure to write what it answers: nobody needs the rest, and the server stops when it cannot
// send it.
func (s *session) leave(err error) error {
	s.left = true
	_ = s.pg.Conn().Close()
	return err
}

func (s *session) batch() bool { return len(s.args) == 0 }

func (s *session) header(m *pgproto3.RowDescription) error {
	names := make([]string, len(m.Fields))
	s.typed, s.cells = s.typed[:0], make([]rows.Cell, len(m.Fields))
	for i, f := range m.Fields {
		names[i] = string(f.Name)
		s.typed = append(s.typed, f.DataTypeOID)
	}
	if s.silent {
		return nil
	}
	return s.out.Header(names)
}

func (s *session) row(m *pgproto3.DataRow) error {
	for i, value := range m.Values {
		s.cells[i] = cellOfPostgres(s.typed[i], value)
	}
	if s.silent {
		return nil
	}
	return s.out.Row(s.cells)
}

func (s *session) complete(tag pgconn.CommandTag, hasRows bool) error {
	switch {
	case hasRows:
		return s.out.End()
	case tag.Insert(), tag.Update(), tag.Delete(), strings.HasPrefix(tag.String(), "MERGE"), strings.HasPrefix(tag.String(), "COPY"):
		return s.out.Affected(tag.RowsAffected())
	}
	return s.out.Done()
}

// cellOfPostgres is a value in the server's text form, which is that of the settings that the driver asks for.
func cellOfPostgres(oid uint32, value []byte) rows.Cell {
	if value == nil {
		return rows.Cell{Text: "NULL", Kind: rows.Null}
	}
	text := string(value)
	switch oid {
	case pgtype.BoolOID:
		return rows.Cell{Text: strconv.FormatBool(text == "t"), Kind: rows.Bool}
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return rows.Cell{Text: text, Kind: rows.Number}
	case pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID:
		return rows.NumberCell(text)
	case pgtype.JSONOID, pgtype.JSONBOID:
		return rows.Cell{Text: text, Kind: rows.JSON}
	case pgtype.ByteaOID:
		return rows.Cell{Text: text, Kind: rows.Bytes}
	case pgtype.TimestampOID:
		return rows.Cell{Text: rfc3339(text, "2006-01-02 15:04:05"), Kind: rows.Text}
	case pgtype.TimestamptzOID:
		return rows.Cell{Text: rfc3339(text, "2006-01-02 15:04:05Z07"), Kind: rows.Text}
	}
	return rows.Cell{Text: text, Kind: rows.Text}
}

// rfc3339 writes a time as RFC 3339 has it. What is not one there, such as infinity or a year BC, and an offset with minutes,
// stays as it is.
func rfc3339(text, layout string) string {
	t, err := time.Parse(layout, text)
	if err != nil {
		return text
	}
	return t.Format(time.RFC3339Nano)
}

// parameter is an argument in the text form, with its type; a text has the type that the statement gives it.
func parameter(arg any) (oid uint32, value []byte) {
	switch v := arg.(type) {
	case nil:
		return 0, nil
	case int64:
		return pgtype.Int8OID, strconv.AppendInt(nil, v, 10)
	case float64:
		return pgtype.Float8OID, strconv.AppendFloat(nil, v, 'g', -1, 64)
	case bool:
		return pgtype.BoolOID, strconv.AppendBool(nil, v)
	case []byte:
		return pgtype.ByteaOID, []byte(`\x` + hex.EncodeToString(v))
	case time.Time:
		return pgtype.TimestamptzOID, v.AppendFormat(nil, time.RFC3339Nano)
	}
	return 0, []byte(fmt.Sprint(arg))
}

func noticeOf(m *pgproto3.NoticeResponse) string {
	text := oneLine(m.Severity + ": " + m.Message)
	for _, more := range []struct{ name, text string }{{"DETAIL", m.Detail}, {"HINT", m.Hint}} {
		if more.text != "" {
			text += "\n  " + more.name + ": " + oneLine(more.text)
		}
	}
	return text
}

// serverError is an error of the server with the SQL that it is about.
type serverError struct {
	*pgconn.PgError
	sql string
}

func (e *serverError) Unwrap() error { return e.PgError }

// details are what the server says beside the message.
func (e *serverError) details() []string {
	lines := caret(e.sql, int(e.Position))
	for _, more := range []struct{ name, text string }{{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"CONTEXT", e.Where}} {
		if more.text != "" {
			lines = append(lines, more.name+": "+oneLine(more.text))
		}
	}
	return lines
}
