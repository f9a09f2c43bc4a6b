package tsql

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// session is one connection to a database. It is a [tdstest.Session].
type session struct {
	conn *sql.Conn
	rows *sql.Rows // of the last query, which may not have been read to the end
	lost bool      // SQLite has rolled the transaction back, and the client does not know
}

// Query runs one statement.
func (s *session) Query(ctx context.Context, q tdstest.Query) tdstest.Response {
	if err := s.finish(); err != nil {
		return tdstest.Fail(translated(err, false))
	}
	if s.lost {
		return tdstest.Fail(doomed)
	}
	st := translate(q)
	args, err := bind(q.Params)
	if err != nil {
		return tdstest.Fail(translated(err, false))
	}
	result, err := s.run(ctx, st, args)
	if err != nil {
		s.lost = q.Depth > 0 && !s.inTransaction()
		return tdstest.Fail(translated(err, st.verb == "drop"))
	}
	return tdstest.Response{Results: []tdstest.Result{result}}
}

func (s *session) run(ctx context.Context, st statement, args []any) (tdstest.Result, error) {
	if st.rows {
		rows, err := s.conn.QueryContext(ctx, st.sql, args...)
		if err != nil {
			return tdstest.Result{}, err
		}
		s.rows = rows
		return read(rows, st.columns)
	}
	done, err := s.conn.ExecContext(ctx, st.sql, args...)
	if err != nil {
		return tdstest.Result{}, err
	}
	switch st.verb {
	case "insert", "update", "delete":
		n, err := done.RowsAffected()
		return tdstest.Result{Count: n}, err
	}
	return tdstest.Result{Count: -1}, nil
}

// inTransaction asks SQLite whether a transaction is open: there is none inside another.
func (s *session) inTransaction() bool {
	ctx := context.Background()
	if _, err := s.conn.ExecContext(ctx, "begin"); err != nil {
		return true
	}
	_, err := s.conn.ExecContext(ctx, "rollback")
	return err != nil
}

// finish ends the last query.
func (s *session) finish() error {
	if s.rows == nil {
		return nil
	}
	rows := s.rows
	s.rows = nil
	return rows.Close()
}

func (s *session) exec(ctx context.Context, sql string) error {
	if err := s.finish(); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, sql); err != nil {
		return translated(err, false)
	}
	return nil
}

// Begin starts a transaction. Whatever the level, it sees the database as it is when it first reads.
func (s *session) Begin(ctx context.Context, _ tdstest.Isolation) error {
	s.lost = false
	return s.exec(ctx, "begin")
}

// Commit ends the transaction.
func (s *session) Commit(ctx context.Context) error {
	if s.lost {
		s.lost = false
		return doomed
	}
	if err := s.exec(ctx, "commit"); err != nil {
		return errors.Join(err, s.Rollback(ctx))
	}
	return nil
}

// Rollback undoes the transaction, if SQLite has not done so.
func (s *session) Rollback(ctx context.Context) error {
	s.lost = false
	if err := s.finish(); err != nil {
		return err
	}
	if !s.inTransaction() {
		return nil
	}
	return s.exec(ctx, "rollback")
}

// Save sets a savepoint.
func (s *session) Save(ctx context.Context, name string) error {
	return s.exec(ctx, "savepoint "+quote(name))
}

// RollbackTo goes back to a savepoint.
func (s *session) RollbackTo(ctx context.Context, name string) error {
	return s.exec(ctx, "rollback to "+quote(name))
}

// Reset drops temporary tables.
func (s *session) Reset(ctx context.Context) error {
	if err := s.finish(); err != nil {
		return err
	}
	for {
		var name string
		err := s.conn.QueryRowContext(ctx, "select name from temp.sqlite_master where type = 'table'").Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.exec(ctx, "drop table temp."+quote(name)); err != nil {
			return err
		}
	}
}

// Close ends the session: what is not committed is undone.
func (s *session) Close() error {
	ctx := context.Background()
	return errors.Join(s.Rollback(ctx), s.Reset(ctx), s.conn.Close())
}
