// Rotation asks a database something every second, with a password that a command prints, such as one of a vault or of a cloud,
// and that changes while the program runs:
//
//	rotation mysql://app@db.example/shop vault-client read db/app
//
// The command is run when its last answer is too old, and when the server refuses it, before a new connection is made.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/conn/credentials"
	_ "github.com/patchbay-go/patchbay/drivers" // the build tags say which
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 3 {
		log.Fatal("write rotation URL COMMAND [ARG...]")
	}
	db, err := open(ctx, os.Args[1], fromCommand(os.Args[2:], 5*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for ctx.Err() == nil {
		if err := ask(ctx, db); err != nil {
			log.Print(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// fromCommand has the command print a password, which is good for a time.
func fromCommand(command []string, good time.Duration) credentials.Func {
	return func(ctx context.Context, _ conn.LoginRequest) (conn.Login, error) {
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).Output()
		if err != nil { // which is not printed: it may have the password in it
			return conn.Login{}, errors.New("the command for the password failed")
		}
		password := conn.NewSecret(strings.TrimRight(string(out), "\r\n"))
		return conn.Login{Password: password, Expires: time.Now().Add(good)}, nil
	}
}

// open opens a pool whose connections are made anew now and then, so that none outlives its password for long.
func open(ctx context.Context, url string, login credentials.Func) (*conn.Conn, error) {
	cfg, err := conn.ParseURL(url)
	if err != nil {
		return nil, err
	}
	cfg.Pool.MaxLifetime = 10 * time.Minute
	return conn.Open(ctx, cfg, conn.WithCredentials(credentials.Cached(login)))
}

func ask(ctx context.Context, db *conn.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	version, err := db.Version(ctx)
	if err == nil {
		log.Print("still there: ", version)
	}
	return err
}
