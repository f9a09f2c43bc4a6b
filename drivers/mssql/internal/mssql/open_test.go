package mssql

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// quick repeats a failed attempt once.
var quick = conn.Retry{Max: 1, Delay: time.Millisecond, Jitter: -1}

// once is cfg without a further attempt.
func once(cfg registry.Config) registry.Config {
	cfg.Retry.Max = -1
	return cfg
}

// open opens the config as programs do. No secret may be in the events, nor in the error.
func open(ctx context.Context, t *testing.T, cfg registry.Config, opts ...conn.Option) (*conn.Conn, error) {
	t.Helper()
	testdriver.Secrets.Hide(cfg)
	if cfg.Retry.Max == 0 {
		cfg.Retry = quick
	}
	bus := observer.New()
	t.Cleanup(observer.On(bus, func(e observer.Event) { see(t, e) }))
	db, err := conn.Open(ctx, cfg, append([]conn.Option{conn.WithObserver(bus)}, opts...)...)
	see(t, err)
	return db, err
}

// opening opens the config, which must fail.
func opening(t *testing.T, cfg registry.Config, opts ...conn.Option) *conn.Error {
	t.Helper()
	return openingWith(limit(t), t, cfg, opts...)
}

func openingWith(ctx context.Context, t *testing.T, cfg registry.Config, opts ...conn.Option) *conn.Error {
	t.Helper()
	db, err := open(ctx, t, cfg, opts...)
	if err == nil {
		t.Error(db.Close())
		t.Fatal("it opened")
	}
	var e *conn.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	return e
}
