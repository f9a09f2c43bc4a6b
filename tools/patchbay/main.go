// Command patchbay looks at databases from the command line, with the drivers that it was built with:
//
//	patchbay drivers                         what is linked in, and what could be
//	patchbay ping URL | CONFIG [NAME...]     whether databases answer
//	patchbay query URL | CONFIG[:NAME] SQL   run a statement and print what it returns
//	patchbay tags CONFIG...                  the build tags that a program with these configs needs
//	patchbay completion SHELL                completion for bash, zsh, fish and PowerShell
//
// A URL is as in [registry.ParseURL]. A config is a JSON or YAML file that names connections:
//
//	connections:
//	  main:
//	    dialect: postgres
//	    host: db.example
//	    port: ${DB_PORT:-5432}
//	    user: app
//	    password: ${DB_PASSWORD}
//	    database: shop
//	    ssl: {caFile: ca.pem}
//	  events: sqlite:events.db
//	  replica: postgres://app:${DB_PASSWORD}@replica.example/shop?ssl=true
//
// Each is an object in the form of [registry.Config.UnmarshalJSON] or a URL; other keys beside connections are
// left to the program. A file with the key dialect at its top is a single connection.
//
// In every text of a connection ${NAME} is an environment variable, which must be set, ${NAME:-text} one with a
// default where it is unset or empty, and $$ a dollar sign. They are filled in after the file has been parsed,
// so that no value can break out of its place; in a URL they are percent-encoded, unless the variable is the
// whole URL. A text that comes out empty leaves its field at the default. The names of files in a config file are
// relative to its folder, those in a URL on the command line to the working directory.
//
// Results go to standard output, errors to standard error, one line each with what to do about it. No password
// or key is printed. The exit status is 0 if all went well, 1 if a database could not be reached or refused, and
// 2 if nothing could be tried: the command line, a file, a URL, a config is wrong, or the driver is missing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/patchbay-go/patchbay/drivers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process, whatever it waits for
	root := newRoot()
	root.SetArgs(os.Args[1:])
	os.Exit(report(os.Stderr, root.ExecuteContext(ctx)))
}
