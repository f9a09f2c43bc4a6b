package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

type query struct {
	format  string
	timeout time.Duration
}

func queryCommand() *cobra.Command {
	var q query
	cmd := &cobra.Command{
		Use:   "query URL|CONFIG[:NAME] SQL [ARG...]",
		Short: "Run a statement and print what it returns",
		Long: `Run a statement and print what it returns. The arguments after it are bound as texts, where the statement
has the placeholders of the dialect, such as $1 in postgres, ? in mysql and sqlite, and @p1 in mssql. Put --
before an argument that starts with a dash. Without NAME the config must have a single connection.

  table  NULL is bare; a text that is empty, reads NULL or holds what a terminal does not show is quoted
  csv    NULL is nothing between the commas, an empty text is ""
  json   an array of objects for each result set; an array that is not closed ended in an error

Times are printed as in RFC 3339, bytes as \x and hexadecimal digits, decimals in JSON as texts. Several result
sets follow each other; of several statements at once, SQLite returns the rows of the last that has any.
The number of changed rows follows insert, update, delete, merge and replace.`,
		Example: `  patchbay query sqlite::memory: "select sqlite_version()"
  patchbay query app.yaml:main "select * from users where name = $1" Ada --format json`,
		Args:              arguments(2, -1, "URL|CONFIG[:NAME] SQL [ARG...]"),
		ValidArgsFunction: completeFirst,
		RunE: func(cmd *cobra.Command, args []string) error {
			return q.run(cmd.Context(), cmd.OutOrStdout(), args[0], args[1], args[2:])
		},
	}
	cmd.Flags().StringVar(&q.format, "format", "table", "table, csv or json")
	cmd.Flags().DurationVar(&q.timeout, "timeout", 0, "give up after this time, opening included (default: never)")
	completeFormat(cmd)
	return cmd
}

func (q query) run(ctx context.Context, out io.Writer, source, text string, args []string) (err error) {
	w, err := rows.New(q.format, out)
	if err != nil {
		return usagef("--format cannot have this value: %v", err)
	}
	if q.timeout < 0 {
		return usagef("--timeout is negative: write a time such as 30s, or leave it out")
	}
	list, err := connections(source, nil)
	if err != nil {
		return err
	}
	if len(list) > 1 {
		return usagef("the config has several connections: put one of them after it, as in %s:%s", source, list[0].name)
	}
	c := list[0]
	if c.err != nil {
		return untried{c.err}
	}
	if q.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, q.timeout, fmt.Errorf("not done within the --timeout of %v", q.timeout))
		defer cancel()
	}

	db, done, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	defer func() { err = errors.Join(err, w.Flush()) }()
	if err := execute(ctx, db, w, text, args); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return failed(db, c.name, err)
	}
	return nil
}

func execute(ctx context.Context, db *conn.Conn, w rows.Writer, text string, args []string) error {
	bound := make([]any, len(args))
	for i, arg := range args {
		bound[i] = arg
	}
	if !counts(text) {
		result, err := db.QueryContext(ctx, text, bound...)
		if err != nil {
			return err
		}
		return rows.Copy(w, result)
	}
	result, err := db.ExecContext(ctx, text, bound...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err == nil { // not every driver can tell
		return w.Affected(n)
	}
	return w.Done()
}

// failed says where a statement failed, and the kind of the error where there is one.
func failed(db *conn.Conn, name string, err error) error {
	where := "query"
	if name != configfile.Unnamed {
		where = fmt.Sprintf("query on %q", name)
	}
	kind := db.Diagnose(err).Kind
	if kind == conn.KindUnknown {
		return fmt.Errorf("%s: %w", where, err)
	}
	return fmt.Errorf("%s: %w (%s)", where, err, kind)
}
