package status_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager/status"
)

// get asks a handler.
func get(h http.Handler, url string) (code int, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
	return w.Code, w.Body.String()
}

// later asks after the last answer has become stale.
func later(h http.Handler, url string) (code int, body string) {
	time.Sleep(time.Second)
	return get(h, url)
}

func TestReadyAnswersAsKubernetesDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "a", "b", "never-used")
		s := status.New(m)
		defer s.Close()
		ready := s.Ready()
		named(t, m, "a")
		named(t, m, "b")
		expect := func(url string, code int, body string) {
			t.Helper()
			if gotCode, got := later(ready, url); gotCode != code || got != body {
				t.Errorf("%s: %d %q, want %d %q", url, gotCode, got, code, body)
			}
		}
		expect("/readyz", 200, "ok")
		expect("/readyz?verbose", 200, "[+]a ok\n[+]b ok\n[+]never-used ok\nreadyz check passed\n")
		expect("/readyz?verbose&exclude=a&exclude=zzz", 200,
			"[+]a excluded: ok\n[+]b ok\n[+]never-used ok\nwarn: no check is called \"zzz\", so it cannot be excluded\nreadyz check passed\n")
		f.state['b'].Store(refusing)
		expect("/readyz", 503, "[+]a ok\n[-]b failed: reason withheld\n[+]never-used ok\nreadyz check failed\n")
		expect("/readyz?verbose", 503, "[+]a ok\n[-]b failed: unreachable: connect: connection refused; "+
			"check that the database server is running, and host and port\n[+]never-used ok\nreadyz check failed\n")
		expect("/readyz?exclude=b", 200, "ok")
		f.state['b'].Store(sound)
		expect("/readyz", 200, "ok")
		if m.Has("never-used") {
			t.Error("it was opened by being asked about")
		}
		w := httptest.NewRecorder()
		ready.ServeHTTP(w, httptest.NewRequest("POST", "/readyz", nil))
		if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST: %d", w.Code)
		}
		if code, _ := get(ready, "/readyz"); code != 200 {
			t.Errorf("%d", code)
		}
		s.Close()
		expect("/readyz?verbose", 503, "[-]shutdown failed: the program is shutting down\nreadyz check failed\n")
	})
}

// A12: an exhausted pool looked like a slow server.
func TestReadySaysThatAPoolIsExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newManager(t, "a")
		s := status.New(m)
		defer s.Close()
		c := named(t, m, "a")
		for range 2 {
			one, err := c.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer one.Close()
		}
		start := time.Now()
		code, body := get(s.Ready(), "/?verbose")
		if code != 503 || !strings.Contains(body, "[-]a failed: the pool is exhausted: all 2 connections are in use\n") {
			t.Errorf("%d %q", code, body)
		}
		if took := time.Since(start); took >= time.Second {
			t.Errorf("it took %v, and Kubernetes waits for one second", took)
		}
	})
}

func TestReadyDoesNotWaitForASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "a", "b", "c")
		s := status.New(m)
		defer s.Close()
		for _, name := range []string{"a", "b", "c"} {
			named(t, m, name)
		}
		f.state['a'].Store(silent)
		f.state['b'].Store(silent)
		start := time.Now()
		code, body := get(s.Ready(), "/?verbose")
		if took := time.Since(start); took != 800*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if code != 503 || strings.Count(body, "failed: no answer in time\n") != 2 || !strings.Contains(body, "[+]c ok") {
			t.Errorf("%d %q", code, body)
		}
		f.state['a'].Store(sound)
		f.state['b'].Store(sound)
		if code, body := later(s.Ready(), "/?verbose"); code != 200 {
			t.Errorf("%d %q", code, body)
		}
	})
}

func TestReadyAsksOnceASecondForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "a")
		s := status.New(m)
		defer s.Close()
		named(t, m, "a")
		before := f.queries.Load()
		for range 3 {
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if code, body := get(s.Ready(), "/"); code != 200 {
						t.Errorf("%d %q", code, body)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
		}
		if n := f.queries.Load() - before; n != 3 {
			t.Errorf("%d queries in three seconds", n)
		}
	})
}

func TestOnlyCriticalNamesTakeTheProgramOutOfService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "main", "tenant")
		s := status.New(m, status.WithCritical(func(name string) bool { return name == "main" }), status.WithTimeout(100*time.Millisecond))
		defer s.Close()
		named(t, m, "main")
		named(t, m, "tenant")
		f.state['t'].Store(refusing)
		before := f.queries.Load()
		if code, body := get(s.Ready(), "/"); code != 200 || f.queries.Load() != before+1 {
			t.Errorf("%d %q after %d queries", code, body, f.queries.Load()-before)
		}
		if code, body := get(s.Ready(), "/?verbose"); code != 200 || !strings.Contains(body, "[-]tenant failed: unreachable") || !strings.Contains(body, "(not critical)") {
			t.Errorf("%d %q", code, body)
		}
		f.state['m'].Store(silent)
		if code, _ := later(s.Ready(), "/"); code != 503 {
			t.Errorf("%d", code)
		}
	})
}

// A program that could not open a database gets no requests, so nobody else would ask for it again.
func TestReadyOpensAgainWhatCouldNotBeOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "a", "p")
		s := status.New(m)
		defer s.Close()
		f.state['a'].Store(refusing)
		f.state['p'].Store(denying)
		for _, name := range []string{"a", "p"} {
			if _, err := m.Named(t.Context(), name); err == nil {
				t.Fatal("opened")
			}
		}
		if code, body := get(s.Ready(), "/?verbose"); code != 503 || !strings.Contains(body, "[-]a failed: unreachable: ") || !strings.Contains(body, "[-]p failed: auth: ") || strings.Contains(body, f.secret) {
			t.Errorf("%d %q", code, body)
		}
		f.state['a'].Store(sound)
		f.state['p'].Store(sound)
		if code, body := later(s.Ready(), "/?verbose"); code != 503 || !strings.Contains(body, "[+]a ok\n") || !strings.Contains(body, "[-]p failed: auth: ") {
			t.Errorf("a refused password was tried again at once, or an unreachable server was not: %d %q", code, body)
		}
		time.Sleep(30 * time.Second)
		if code, body := get(s.Ready(), "/?verbose"); code != 200 {
			t.Errorf("%d %q", code, body)
		}
	})
}

// A password that has changed: readiness is asked every second, and must not lock the user out.
func TestReadyDoesNotRepeatARefusedLoginEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "a")
		s := status.New(m)
		defer s.Close()
		c := named(t, m, "a")
		f.state['a'].Store(denying)
		if code, _ := get(s.Ready(), "/"); code != 503 { // which closes the connection that was there
			t.Errorf("%d", code)
		}
		dials := func() uint64 { return c.Status().Dials.Failed[conn.KindAuth] }
		before := dials()
		for range 60 {
			if code, body := later(s.Ready(), "/?verbose"); code != 503 || !strings.Contains(body, "[-]a failed: auth: ") {
				t.Errorf("%d %q", code, body)
			}
		}
		if n := dials() - before; n < 2 || n > 3 {
			t.Errorf("%d logins in a minute", n)
		}
		f.state['a'].Store(sound)
		if err := c.PingContext(t.Context()); err != nil { // the next caller
			t.Fatal(err)
		}
		if code, body := later(s.Ready(), "/?verbose"); code != 200 {
			t.Errorf("%d %q", code, body)
		}
	})
}

func TestReadyFailsWhileAllIsClosedOrOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newManager(t, "a", "b")
		s := status.New(m)
		defer s.Close()
		l, err := m.AcquireNamed(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		f.state['b'].Store(silent)
		go func() { _, _ = m.Named(context.Background(), "b") }()
		synctest.Wait()
		if code, body := get(s.Ready(), "/?verbose"); code != 503 || !strings.Contains(body, "[-]b failed: it is being opened\n") {
			t.Errorf("%d %q", code, body)
		}
		closed := make(chan error)
		go func() { closed <- m.CloseAll(context.Background()) }()
		synctest.Wait()
		if code, body := get(s.Ready(), "/?verbose"); code != 503 || !strings.Contains(body, "[-]shutdown failed: all connections are being closed\n") {
			t.Errorf("%d %q", code, body)
		}
		l.Release()
		if err := <-closed; err != nil && !strings.Contains(err.Error(), "b") {
			t.Error(err)
		}
	})
}
