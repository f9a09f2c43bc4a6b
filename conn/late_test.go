package conn_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

func TestADriverThatReturnsAtTheMomentOfTheTimeoutHasTimedOut(t *testing.T) {
	f := newFake()
	f.connect = func(ctx context.Context, _ int, _ registry.Env) error {
		for range 1000 { // they hear of it one after the other, and the driver may be among the first
			context.AfterFunc(ctx, func() {})
		}
		for ctx.Err() == nil { // asking again and again is quicker than waiting to be woken up
			runtime.Gosched()
		}
		return ctx.Err()
	}
	for range 50 {
		_, _, err := openFake(t, f, once(conn.Config{ConnectTimeout: 5 * time.Millisecond}))
		if conn.KindOf(err) != conn.KindTimeout {
			t.Fatalf("got %v, of the kind %q", err, conn.KindOf(err))
		}
	}
}

func TestAbortDoesNotComplainOfConnectionsThatItHasCut(t *testing.T) {
	f := newFake()
	f.closing = errLost // what a driver says that wants to take leave of the server
	c, r, err := openFake(t, f, conn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Abort(nil); err != nil {
		t.Error(err)
	}
	if len(of[conn.Closed](r)) != 1 {
		t.Errorf("the events are %v", r.names())
	}
}
