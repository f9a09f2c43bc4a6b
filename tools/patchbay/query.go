package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

type query struct {
	out      rows.Options
	timeout  time.Duration
	file     string
	args     []string
	jsonArgs string
	tx       bool
	readOnly bool
	create   bool
	timing   bool
	login    login
}

func queryCommand() *cobra.Command {
	var q query
	cmd := &cobra.Command{
		Use:   "query URL|FILE|CONFIG[:NAME] [SQL [ARG...]]",
		Short: "Run SQL and print what it returns",
		Long: `Run SQL and print what it returns. The SQL is an argument, the file of -f, or what comes on standard input. Several
statements go to the server as one batch of its dialect. Without NAME the config must have a single connection. FILE is a
file of SQLite. Without --create, one that does not exist is an error, and one that is there keeps its journal.

Arguments after the SQL are bound as texts, where it has the placeholders of the dialect: $1 in postgres, ? in mysql and
sqlite, @p1 in mssql. --arg and --args bind values of other types. Put -- before an ARG that starts with a dash.

  table  for reading. NULL is bare; a text that is empty, reads NULL or holds what a terminal does not show is quoted. On
         a terminal it is made to fit, and has a line for each value where it is too wide
  csv    NULL is nothing between the commas, an empty text is ""
  tsv    as COPY in PostgreSQL: NULL is \N, and a tab, line end or backslash in a text is escaped
  json   an array of objects for each result set; an array that is not closed ended in an error
  jsonl  an object a line

Times are printed as in RFC 3339, bytes as \x and hexadecimal digits; in JSON, decimals are numbers with all their digits and
JSON of the database stays JSON. The number of changed rows follows a statement that changes some. Of several statements,
SQLite returns the rows of the last that has any, and MySQL and MariaDB the number of the last. COPY ... TO STDOUT prints its
data. Notices, and the time with --timing, go to standard error.

--tx runs all of the SQL or none, within what the dialect can undo: MySQL and MariaDB commit before most of CREATE, ALTER and
DROP. --read-only guards against mistakes. PostgreSQL, MySQL and SQLite refuse to write then; SQL Server, which has no such
session, undoes at the end what was done.

An interrupt (Ctrl-C) and the end of --timeout stop the SQL on the server, or the message says that it may go on there. The
exit status is then 130 and 124. There is no prompt to type SQL at: use the server's own client, or usql.`,
		Example: `  patchbay query sqlite::memory: "select sqlite_version()"
  patchbay query prod.db "select count(*) from orders"
  patchbay query app.yaml:main "select * from users where id = $1" --arg int:5 --format json
  patchbay query app.yaml:main --tx -f migration.sql`,
		Args:              arguments(1, -1, "URL|FILE|CONFIG[:NAME] [SQL [ARG...]]"),
		ValidArgsFunction: completeFirst,
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, arg := range args {
				args[i] = strings.TrimPrefix(arg, bare)
			}
			return q.run(cmd, args[0], args[1:])
		},
	}
	f := cmd.Flags()
	f.StringVarP(&q.file, "file", "f", "", "read the SQL from `FILE`; - is standard input")
	f.StringArrayVar(&q.args, "arg", nil, "bind a `VALUE`, as in int:5, float:1.5, bool:true, text:a, bytes:00ff, json:{}, time:2026-01-02T15:04:05Z, null")
	f.StringVar(&q.jsonArgs, "args", "", "bind the values of an `ARRAY` of JSON, as in '[5, \"a\", null]'")
	f.StringVar(&q.out.Format, "format", "table", "`FORM` of the output: table, csv, tsv, json or jsonl")
	f.BoolVarP(&q.out.Expanded, "expanded", "x", false, "a table with a line for each value")
	f.BoolVar(&q.out.NoHeader, "no-header", false, "no names of columns, and no number of rows")
	f.DurationVar(&q.timeout, "timeout", 0, "stop after this `TIME`, opening included (default: never)")
	f.BoolVar(&q.tx, "tx", false, "run all of the SQL or none: in one transaction")
	f.BoolVar(&q.readOnly, "read-only", false, "change nothing")
	f.BoolVar(&q.create, "create", false, "make the file of an SQLite database that does not exist")
	f.BoolVar(&q.timing, "timing", false, "print how long it took")
	q.login.flags(f)
	completeFormat(cmd)
	return cmd
}

func (q query) run(cmd *cobra.Command, source string, rest []string) (err error) {
	ctx, out, errOut := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	q.out.Width, q.out.Color = terminal(out)
	w, err := rows.New(out, q.out)
	switch {
	case err != nil:
		return usagef("--format cannot have this value: %v", err)
	case q.timeout < 0:
		return usagef("--timeout is negative: write a time such as 30s, or leave it out")
	case q.create && q.readOnly:
		return usagef("--create and --read-only exclude each other: leave out one")
	}
	c, err := single(source, q.create)
	if err != nil {
		return err
	}
	var text string
	switch {
	case cmd.Flags().Changed("file"):
		text, err = readSQL(q.file, cmd.InOrStdin(), errOut)
	case len(rest) > 0:
		text, rest = rest[0], rest[1:]
	default:
		text, err = readSQL("-", cmd.InOrStdin(), errOut)
	}
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return usagef("the SQL is empty: write it after the connection, or name its file with -f")
	}
	if first := strings.TrimSpace(text)[0]; first == '.' || first == '\\' {
		return usagef("what begins with a dot or a backslash is a command of a prompt, not SQL: use the server's own client for it")
	}
	args, err := q.bind(rest)
	if err != nil {
		return err
	}
	if c.cfg, err = q.login.complete(c.cfg); err != nil {
		return err
	}
	if q.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, q.timeout, &ended{fmt.Sprintf("not done within the --timeout of %v", q.timeout), exitTimeout})
		defer cancel()
	}
	notice := func(text string) {
		_ = w.Flush() // what came before it is read before it
		fmt.Fprintln(errOut, text)
	}
	x := execution{sql: text, args: args, out: w, data: out, notice: notice, tx: q.tx, readOnly: q.readOnly, create: q.create}
	start := time.Now()
	err = x.run(ctx, c)
	if flushed := w.Flush(); flushed != nil && err == nil {
		err = flushed
	}
	if q.timing {
		fmt.Fprintf(errOut, "%.1f ms\n", millis(time.Since(start)))
	}
	if isPipe(err) {
		return statusError(exitPipe)
	}
	return err
}

// single returns the one connection that an argument names.
func single(source string, create bool) (connection, error) {
	list, err := connections(source, nil, create)
	if err != nil {
		return connection{}, err
	}
	if len(list) > 1 {
		return connection{}, usagef("the config has several connections: put one of them after it, as in %s:%s", source, list[0].name)
	}
	if list[0].err != nil {
		return connection{}, untried{list[0].err}
	}
	return list[0], nil
}

// readSQL reads a file, or standard input.
func readSQL(path string, in io.Reader, errOut io.Writer) (string, error) {
	if path != "-" {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", untried{fmt.Errorf("read the SQL: %w", err)}
		}
		return string(text), nil
	}
	if isTerminal(in) {
		fmt.Fprintln(errOut, "write the SQL, and end it with Ctrl-D on a line of its own")
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return "", untried{fmt.Errorf("read the SQL from standard input: %w", err)}
	}
	return string(text), nil
}

// failed says where SQL failed, and the kind of the error where there is one.
func failed(db *conn.Conn, name string, err error) error {
	where := "query"
	if name != configfile.Unnamed {
		where = fmt.Sprintf("query on %q", name)
	}
	kind := db.Diagnose(err).Kind
	if e := (*ended)(nil); kind == conn.KindUnknown || errors.As(err, &e) {
		return fmt.Errorf("%s: %w", where, err)
	}
	return fmt.Errorf("%s: %w (%s)", where, err, kind)
}
