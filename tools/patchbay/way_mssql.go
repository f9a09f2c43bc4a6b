//go:build mssql || alldrivers

package main

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/golang-sql/sqlexp"
	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

func init() { ways["mssql"] = runSQLServer }

// runSQLServer asks the driver for its messages, in which numbers of rows and what PRINT prints are.
func runSQLServer(ctx context.Context, c *sql.Conn, x execution) error {
	var messages sqlexp.ReturnMessage
	result, err := c.QueryContext(ctx, x.sql, append(slices.Clone(x.args), &messages)...)
	if err != nil {
		return lineError(x.sql, err)
	}
	defer result.Close()
	hadRows, told := false, false
	var failed error
	for active := true; active; {
		switch m := messages.Message(ctx).(type) {
		case sqlexp.MsgNotice:
			x.notice("INFO: " + oneLine(m.Message.String()))
		case sqlexp.MsgNext:
			if hadRows, err = rows.CopySet(x.out, result); err != nil {
				return lineError(x.sql, errors.Join(failed, err))
			}
		case sqlexp.MsgRowsAffected:
			if !hadRows { // of a SELECT it is the number of rows that it has returned
				told = true
				if err := x.out.Affected(m.Count); err != nil {
					return err
				}
			}
			hadRows = false
		case sqlexp.MsgError:
			if failed == nil {
				failed = m.Error
			}
		case sqlexp.MsgNextResultSet:
			told = told || hadRows
			active = result.NextResultSet()
		}
	}
	switch err := errors.Join(failed, result.Err()); {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case failed != nil:
		return lineError(x.sql, failed)
	case err != nil:
		return lineError(x.sql, err)
	case !told:
		return x.out.Done()
	}
	return nil
}

// lineError adds the line of the SQL that an error of the server is about, where there are several.
func lineError(text string, err error) error {
	if said, ok := errors.AsType[mssql.Error](err); ok {
		if lines := lineOf(text, int(said.LineNo)); lines != nil {
			return &detailed{err, lines}
		}
	}
	return err
}
