package main

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/patchbay-go/patchbay/conn"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("write plugin FILE")
	}
	n, err := count(context.Background(), conn.Config{Dialect: "csv", Filename: os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	log.Print(n, " rows")
}

func count(ctx context.Context, cfg conn.Config) (n int, err error) {
	db, err := conn.Open(ctx, cfg)
	if err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "select count(*) from data").Scan(&n)
	return n, errors.Join(err, db.Close())
}
