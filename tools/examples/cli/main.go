// Cli lists the tables of a database: cli URL. It carries the drivers that it is built with, and no others:
//
//	go build -tags sqlite -o cli .         # for files, without TLS
//	go build -tags postgres,mysql -o cli . # for servers
//
// Built without a tag it says which one is missing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers" // the build tags say which
)

// tables is how each dialect lists its tables.
var tables = map[string]string{
	"postgres": "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
	"mysql":    "SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1",
	"sqlite":   "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
	"mssql":    "SELECT name FROM sys.tables ORDER BY 1",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cli:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) != 1 {
		return errors.New("write cli URL, as in cli sqlite:app.db")
	}
	cfg, err := conn.ParseURL(args[0])
	if err != nil {
		return err
	}
	cfg.Pool.Max = 1
	db, err := conn.Open(ctx, cfg, conn.NoCreate())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	query, ok := tables[db.Dialect()]
	if !ok {
		return fmt.Errorf("it is not known how %s lists its tables", db.Dialect())
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		fmt.Println(name)
	}
	return rows.Err()
}
