package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/manager/status"
	"github.com/patchbay-go/patchbay/observer"
)

type serve struct {
	listen string
	login  login
}

func serveCommand() *cobra.Command {
	var s serve
	cmd := &cobra.Command{
		Use:   "serve URL|FILE|CONFIG [NAME...]",
		Short: "Serve a page of how databases are, and readiness",
		Long: `Hold a connection to each database, ask it every five seconds, and serve over HTTP

  /        a live page: what answers, since when, the last failure and what to do about it; /?data=json is its JSON
  /readyz  200 if all answer, 503 if one does not; ?verbose says which, ?exclude=NAME leaves one out

Nothing is created, and nothing is written to the databases. The page shows names of hosts, users and databases, and no
secret; it has no login, so that it listens on this machine alone by default. A change of the config needs a restart. It runs
until an interrupt.`,
		Example: `  patchbay serve app.yaml
  patchbay serve app.yaml main replica --listen :8090`,
		Args:              arguments(1, -1, "URL|FILE|CONFIG [NAME...]"),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.run(cmd, args)
		},
	}
	cmd.Flags().StringVar(&s.listen, "listen", "localhost:8090", "`ADDRESS` to listen at; port 0 is a free one")
	s.login.flags(cmd.Flags())
	return cmd
}

func (s serve) run(cmd *cobra.Command, args []string) (err error) {
	list, err := connections(args[0], args[1:], false)
	if err != nil {
		return err
	}
	if s.login.ask && len(list) > 1 {
		return usagef("--password asks for one password, and there are several connections: name one of them")
	}
	configs := make(map[string]conn.Config)
	for _, c := range list {
		if c.err != nil {
			return untried{c.err}
		}
		if c.cfg, err = s.login.complete(c.cfg); err != nil {
			return err
		}
		if c.name == configfile.Unnamed {
			c.name = "main"
		}
		c.cfg.Pool, c.cfg.Lazy = conn.Pool{Min: 1, Max: 2}, true
		configs[c.name] = c.cfg
	}
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", s.listen)
	if err != nil {
		return untried{fmt.Errorf("--listen: %w", err)}
	}
	m := manager.New(manager.WithConfigs(configs), manager.WithObserver(observer.New()),
		manager.WithConnOptions(conn.NoCreate(), conn.WithCheckInterval(5*time.Second)))
	return errors.Join(s.until(cmd, m, configs, listener), m.CloseAll(context.Background()))
}

// until serves until the context of cmd ends.
func (s serve) until(cmd *cobra.Command, m *manager.Manager, configs map[string]conn.Config, listener net.Listener) error {
	show := status.New(m, status.WithTitle("patchbay"))
	defer show.Close()
	for name := range configs {
		if _, err := m.Named(cmd.Context(), name); err != nil { // lazy: what needs no database is wrong
			return errors.Join(untried{err}, listener.Close())
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/{$}", show.Page())
	mux.Handle("/readyz", show.Ready())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintf(cmd.OutOrStdout(), "the page is at http://%s/, readiness at http://%[1]s/readyz\n", listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-cmd.Context().Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), grace)
	defer cancel()
	if err := server.Shutdown(last); err != nil { // a page that is open keeps its connection
		return server.Close()
	}
	return nil
}
