package tdstest_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
)

// waiting runs a request that does not end by itself, and does something to the server meanwhile.
func waiting(t testing.TB, s *tdstest.Server, meanwhile func()) error {
	t.Helper()
	s.Handle("wait here", func(ctx context.Context, _ tdstest.Query) tdstest.Response {
		go meanwhile()
		<-ctx.Done()
		return tdstest.Response{}
	})
	_, err := session(t, config(t, s)).ExecContext(ctx(t), "wait here")
	if err == nil {
		t.Fatal("the request succeeded")
	}
	return err
}

func TestARequestWhoseSessionIsKilledIsTold(t *testing.T) {
	s := start(t, tdstest.Options{})
	err := waiting(t, s, func() { s.Kill(51) })
	if _, ok := errors.AsType[mssql.ServerError](err); !ok {
		t.Errorf("it ends with a %T", err)
	}
	if e, _ := errors.AsType[mssql.Error](err); e.Number != 596 || e.Class != 21 {
		t.Errorf("it ends with %+v", e)
	}
	s.AwaitClosed(t)
	if s.Kill(51) {
		t.Error("it could be killed twice")
	}
}

func TestAnIdleConnectionThatIsKilledIsReplacedByThePool(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	must(t, db.PingContext(ctx(t)))
	s.KillAll()
	s.AwaitClosed(t)
	if err := db.PingContext(ctx(t)); err == nil { // go-mssqldb repeats only what it could not send
		t.Error("a connection that was killed answers")
	}
	must(t, db.PingContext(ctx(t)))
	if n := len(s.Connections()); n != 2 {
		t.Errorf("%d connections were made", n)
	}
}

func TestASevereErrorEndsTheConnection(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("fail badly", tdstest.Fail(tdstest.Message{Number: 50000, Class: 20, Text: "fatal error"}).Always())
	_, err := session(t, config(t, s)).ExecContext(ctx(t), "fail badly")
	if _, ok := errors.AsType[mssql.ServerError](err); !ok {
		t.Errorf("it ends with the %T %v", err, err)
	}
	s.AwaitClosed(t)
}

func TestAShutdownTellsWhoeverIsAtWork(t *testing.T) {
	s := start(t, tdstest.Options{})
	err := waiting(t, s, s.Shutdown)
	if e, _ := errors.AsType[mssql.Error](err); e.Number != 596 {
		t.Errorf("it ends with %v", err)
	}
	refused(t, config(t, s))
}

func TestAServerComesBackAtItsAddress(t *testing.T) {
	s := start(t, tdstest.Options{TLS: certified(testcert.SelfSigned())})
	db := open(t, encrypted(t, s, all))
	must(t, db.PingContext(ctx(t)))
	s.Close()
	if err := db.PingContext(ctx(t)); err == nil {
		t.Error("a server that was closed answers")
	}
	start(t, tdstest.Options{Addr: s.Addr()})
	if err := db.PingContext(ctx(t)); err == nil {
		t.Error("a server that came back without TLS is believed")
	}
	must(t, open(t, config(t, s)).PingContext(ctx(t)))
}

// descriptors counts the open files of the process, where the system shows them.
func descriptors(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func TestNothingIsLeft(t *testing.T) {
	// The runtime opens its poller with the first connection, and testing keeps what it has opened.
	tdstest.Start(t, tdstest.Options{}).Close()
	goroutines, files := runtime.NumGoroutine(), descriptors(t)

	s, err := tdstest.New(tdstest.Options{TLS: certified(testcert.SelfSigned())})
	must(t, err)
	s.Handle("select two", tdstest.Rows(number, []any{1}, []any{2}).Always())
	for stage, modes := range stages {
		s.Misbehave(tdstest.Fault{At: stage, Do: tdstest.Hangup})
		for _, mode := range modes {
			if err := attempt(t, encrypted(t, s, mode), guard); err == nil {
				t.Errorf("a fault at %s went unnoticed", stage)
			}
		}
	}
	s.Misbehave()
	must(t, attempt(t, config(t, s), guard))
	s.Misbehave(tdstest.Fault{At: tdstest.OnLogin, Do: tdstest.Silence})
	ended := make(chan error)
	go func() { ended <- attempt(t, config(t, s), guard) }()
	s.Await(t, "a login that gets no answer", func(list []tdstest.Connection) bool {
		last := list[len(list)-1]
		return last.Open && last.Login != nil
	})
	s.Close() // with a connection open
	s.Close()
	if err := <-ended; err == nil {
		t.Error("a login without an answer succeeded")
	}

	end := time.Now().Add(guard)
	for runtime.NumGoroutine() > goroutines || descriptors(t) > files {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d descriptors, and not %d and %d\n%s", runtime.NumGoroutine(), descriptors(t),
				goroutines, files, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}
