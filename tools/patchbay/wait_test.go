//go:build sqlite || alldrivers

package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

func TestWaitGoesOnUntilTheDatabaseIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late.db")
	c := connection{name: "late", cfg: registry.Config{Dialect: "sqlite", Filename: path}}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		done := make(chan result)
		go func() { done <- probe(t.Context(), c, 30*time.Second, nil) }()
		time.Sleep(10 * time.Second)
		if err := create(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		r := <-done
		// 0.1 s, half as long again each time up to 2 s, a tenth more or less.
		if took := time.Since(start); !r.OK || r.Attempts < 9 || r.Attempts > 14 || took > 12200*time.Millisecond {
			t.Errorf("got %+v after %v", r, took)
		}
	})
}

func TestWaitEndsInTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "never.db")
	c := connection{name: "never", cfg: registry.Config{Dialect: "sqlite", Filename: path}}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := probe(t.Context(), c, 30*time.Second, nil)
		if took := time.Since(start); r.OK || took != 30*time.Second || r.Kind != "cannot open" || r.Attempts < 15 ||
			!strings.HasPrefix(r.Error, "not ready within 30s: open ") || r.Hint == "" {
			t.Errorf("got %+v after %v", r, took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if r := probe(t.Context(), c, 0, nil); r.OK || time.Since(start) != 0 || r.Attempts != 1 || !strings.HasPrefix(r.Error, "open ") {
			t.Errorf("without a wait: got %+v after %v", r, time.Since(start))
		}
	})
}

func TestAnInterruptEndsTheWaitAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "never.db")
	c := connection{name: "never", cfg: registry.Config{Dialect: "sqlite", Filename: path}}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		r := probe(ctx, c, 30*time.Second, nil)
		if took := time.Since(start); r.OK || took != 5*time.Second || r.Kind != "canceled" || !strings.HasPrefix(r.Error, "interrupted: open ") {
			t.Errorf("got %+v after %v", r, took)
		}
	})
}

func TestAnInterruptBeforeTheFirstAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, wait := range []time.Duration{0, time.Second} {
		r := probe(ctx, connection{name: "a", cfg: registry.Config{Dialect: "sqlite", Filename: ":memory:"}}, wait, nil)
		if r.OK || r.Attempts != 0 || r.Kind != "canceled" || r.Error != "interrupted: context canceled" {
			t.Errorf("with a wait of %v: got %+v", wait, r)
		}
	}
}

func TestWhatMayPass(t *testing.T) {
	for kind, want := range map[conn.Kind]bool{
		conn.KindUnreachable: true, conn.KindTimeout: true, conn.KindStarting: true, conn.KindLost: true,
		conn.KindTooMany: true, conn.KindBusy: true, conn.KindNoDatabase: true, conn.KindCannotOpen: true,
		conn.KindAuth: false, conn.KindTLS: false, conn.KindConfig: false, conn.KindCorrupt: false,
		conn.KindReadOnly: false, conn.KindBlocked: false, conn.KindUnknown: false, conn.KindIO: false,
	} {
		if got := passes(&conn.Error{Kind: kind, Err: errors.New("x")}); got != want {
			t.Errorf("%v: got %v", kind, got)
		}
	}
	if !passes(&silent{time.Second}) {
		t.Error("a server that does not answer yet may do so later")
	}
}

// create makes a database file.
func create(ctx context.Context, path string) error {
	c, err := conn.Open(ctx, registry.Config{Dialect: "sqlite", Filename: path})
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "create table t (a)")
	return errors.Join(err, c.Close())
}
