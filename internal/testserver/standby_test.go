package testserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

// TestStandbyFollowsAndIsPromoted does what tests of a failover do.
func TestStandbyFollowsAndIsPromoted(t *testing.T) {
	primary := testserver.StartPostgres(t, testserver.Options{})
	standby := testserver.StartStandby(t, primary, testserver.Options{})
	first, second := connectPostgres(t, primary.Config()), connectPostgres(t, standby.Config())
	if _, err := first.Exec("create table follows (n int)"); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := second.Exec("insert into follows values (1)")
		if err != nil && strings.Contains(err.Error(), "25006") {
			break
		}
		if err == nil || !strings.Contains(err.Error(), "42P01") || t.Context().Err() != nil { // it has not come yet
			t.Fatal(err)
		}
	}

	primary.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := first.ExecContext(ctx, "insert into follows values (2)"); err == nil || ctx.Err() == nil {
		t.Errorf("a frozen server answers: %v", err)
	}
	standby.Promote(t)
	if _, err := second.Exec("insert into follows values (3)"); err != nil {
		t.Error(err)
	}
	primary.Thaw()
	if err := first.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
	primary.Freeze(t) // which its end must not mind
}
