package testserver

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// TestMain runs the tests, or, in a process that one of them has started, servers of which the test wants to
// see what becomes of them when the process ends in some way.
func TestMain(m *testing.M) {
	if how := os.Getenv("TESTSERVER_ENDS"); how != "" {
		serveAndEnd(how)
	}
	Main(m)
}

// serveAndEnd starts both servers, says so, and waits for a line before it ends as it is told.
func serveAndEnd(how string) {
	rec := record(func(tb testing.TB) {
		s := StartPostgres(tb, Options{})
		StartMariaDB(tb, Options{})
		if how == "frozen" {
			s.Freeze(tb)
		}
	})
	if rec.outcome != "" {
		fmt.Println(rec.outcome)
		os.Exit(1)
	}
	fmt.Println("ready")
	fmt.Scanln()
	switch how {
	case "exit":
		os.Exit(0)
	case "panic":
		panic("as the test wants")
	case "shutdown":
		if err := Shutdown(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	select {} // until a signal comes
}

// recorder is a test that notes how it ends. Its cleanups never run: what they would do is not what is tested.
type recorder struct {
	testing.TB
	outcome string
}

func record(test func(testing.TB)) *recorder {
	rec := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(rec)
	}()
	<-done
	return rec
}

func (r *recorder) Helper()        {}
func (r *recorder) Cleanup(func()) {}

func (r *recorder) Skipf(format string, args ...any) { r.end("skipped: "+format, args...) }

func (r *recorder) Fatalf(format string, args ...any) { r.end("failed: "+format, args...) }

func (r *recorder) Fatal(args ...any) { r.end("failed: %s", fmt.Sprint(args...)) }

func (r *recorder) end(format string, args ...any) {
	r.outcome = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
