package tdstest_test

import (
	"context"
	"errors"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// endless has rows for as long as anybody takes them.
func endless(context.Context, tdstest.Query) tdstest.Response {
	return tdstest.Response{Results: []tdstest.Result{{Columns: number, Rows: func(yield func([]any) bool) {
		for n := 0; yield([]any{n % 1000}); n++ {
		}
	}}}}
}

func TestARequestIsCanceledAndTheConnectionStays(t *testing.T) {
	s := start(t, tdstest.Options{})
	running := make(chan struct{}, 1)
	s.Handle("wait here", func(ctx context.Context, _ tdstest.Query) tdstest.Response {
		running <- struct{}{}
		<-ctx.Done()
		return tdstest.Affected(1)
	})
	conn := session(t, config(t, s))
	short, cancel := context.WithCancel(ctx(t))
	go func() {
		<-running
		cancel()
	}()
	if _, err := conn.ExecContext(short, "wait here"); !errors.Is(err, context.Canceled) {
		t.Errorf("the request ends with %v", err)
	}
	must(t, conn.PingContext(ctx(t)))
	if c := s.Connections()[0]; c.Attentions != 1 || len(s.Connections()) != 1 {
		t.Errorf("%d requests to cancel were seen, on %d connections", c.Attentions, len(s.Connections()))
	}
}

func TestAWaitOfTheServerIsCanceled(t *testing.T) {
	s := start(t, tdstest.Options{})
	conn := session(t, config(t, s))
	short, cancel := context.WithCancel(ctx(t))
	ended := make(chan error, 1)
	go func() {
		_, err := conn.ExecContext(short, "waitfor delay '01:00:00'")
		ended <- err
	}()
	s.Await(t, "the request", func(list []tdstest.Connection) bool { return len(list[0].Requests) == 1 })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ends with %v", err)
	}
	if _, err := conn.ExecContext(ctx(t), "waitfor delay '00:00:00'"); err != nil {
		t.Errorf("a short wait ends with %v", err)
	}
}

func TestAResultIsCanceledInItsMiddle(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select endless", endless)
	conn := session(t, config(t, s))
	for _, end := range []string{"canceled", "closed"} {
		short, cancel := context.WithCancel(ctx(t))
		rows, err := conn.QueryContext(short, "select endless")
		must(t, err)
		for range 10_000 {
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
		}
		if end == "canceled" {
			cancel()
			for rows.Next() {
			}
			if !errors.Is(rows.Err(), context.Canceled) {
				t.Errorf("the rows end with %v", rows.Err())
			}
		}
		must(t, rows.Close())
		cancel()
		must(t, conn.PingContext(ctx(t)))
	}
	if c := s.Connections()[0]; c.Attentions < 2 { // the driver may cancel again when it closes what it has canceled
		t.Errorf("%d requests to cancel were seen", c.Attentions)
	}
}

// A request to cancel may cross the end of the response. Whichever is first, the driver and the server agree on
// where the next response begins.
func TestACancellationThatComesTooLateIsAnswered(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select quick", tdstest.Rows(number, []any{1}, []any{2}, []any{3}).Always())
	conn := session(t, config(t, s))
	for range 200 {
		short, cancel := context.WithCancel(ctx(t))
		rows, err := conn.QueryContext(short, "select quick")
		must(t, err)
		go cancel()
		for rows.Next() {
		}
		_, _ = rows.Err(), rows.Close() // it may have been canceled or not
		cancel()
		must(t, conn.PingContext(ctx(t)))
	}
}

func TestAHandlerIsToldThatTheServerCloses(t *testing.T) {
	s := start(t, tdstest.Options{})
	told := make(chan error, 1)
	s.Handle("wait here", func(ctx context.Context, _ tdstest.Query) tdstest.Response {
		go s.Close()
		<-ctx.Done()
		told <- context.Cause(ctx)
		return tdstest.Response{}
	})
	if _, err := session(t, config(t, s)).ExecContext(ctx(t), "wait here"); err == nil {
		t.Error("the request of a server that died succeeded")
	}
	if err := <-told; err == nil {
		t.Error("the handler was not told why")
	}
}

func TestAHandlerIsToldThatTheClientHasGone(t *testing.T) {
	s := start(t, tdstest.Options{})
	running, told := make(chan struct{}), make(chan error, 1)
	s.Handle("wait here", func(ctx context.Context, _ tdstest.Query) tdstest.Response {
		close(running)
		<-ctx.Done()
		told <- context.Cause(ctx)
		return tdstest.Response{}
	})
	alive, die := context.WithCancel(t.Context())
	connector := mssql.NewConnectorConfig(config(t, s))
	connector.Dialer = cutter{alive}
	go func() {
		<-running
		die()
	}()
	if _, err := pool(t, connector).ExecContext(ctx(t), "wait here"); err == nil {
		t.Error("the request of a client that died succeeded")
	}
	if err := <-told; err == nil {
		t.Error("the handler was not told why")
	}
}
