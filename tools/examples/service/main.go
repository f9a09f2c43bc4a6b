// Service answers from the databases that app.yaml names, and takes changes of that file, and of the files of passwords and
// certificates that it names, while it runs: GET /orders tells the version of the server of the connection "orders".
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/patchbay-go/patchbay/drivers" // the build tags say which
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/observer/eventlog"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", "localhost:8080")
	if err == nil {
		err = serve(ctx, l, manager.New(), "app.yaml")
	}
	if err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// serve returns when ctx has ended and all requests have been answered, or when the file cannot be read at first.
func serve(ctx context.Context, l net.Listener, m *manager.Manager, path string, opts ...configfile.Option) error {
	defer eventlog.Attach(m.Observer(), slog.Default())()
	server := &http.Server{Handler: handler(m), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- configfile.Follow(ctx, path, m, opts...) }() // a later mistake is in the log
	go func() { ended <- server.Serve(l) }()
	err := <-ended
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(last), m.CloseAll(last))
}

func handler(m *manager.Manager) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		db, err := m.Named(r.Context(), r.URL.Path[1:])
		if err == nil {
			var version string
			if version, err = db.Version(r.Context()); err == nil {
				fmt.Fprintln(w, version)
				return
			}
		}
		http.Error(w, "try again later", http.StatusServiceUnavailable) // the log says why
	}
}
