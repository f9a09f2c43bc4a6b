package conn_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

const rogueTimeout = 2 * time.Second

var errBroken = errors.New("a bug in the driver")

// ends are the ways not to return at all.
var ends = map[string]func(){"panic": func() { panic(errBroken) }, "Goexit": runtime.Goexit}

// places are where a driver is called, and at which of the calls it goes wrong.
var places = []struct {
	place string
	n     int
}{
	{"connector", 1},
	{"connect", 1},
	{"connect", 2},
	{"connect", 3},
	{"query", 1},
	{"query", 2},
	{"next", 1},
	{"next", 2},
	{"close rows", 1},
	{"close rows", 2},
	{"reset", 1},
	{"reset", 2},
	{"validate", 1},
	{"validate", 2},
	{"close", 1},
	{"close", 2},
	{"close connector", 1},
}

// A1: a panic, or the end of the goroutine, is an error, wherever it comes. That no goroutine is left is what synctest
// watches over, and a panic on one of this package would end the test.
func TestPanicOfADriverIsAnErrorWhereverItComes(t *testing.T) {
	for how, end := range ends {
		for _, at := range places {
			if at.place == "connector" && how == "Goexit" {
				continue // it runs on the caller's goroutine, since it does no I/O
			}
			for _, least := range []int{0, 2} {
				for _, files := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s in %s %d, with Min %d, files=%t", how, at.place, at.n, least, files), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { panics(t, at.place, at.n, least, files, how, end) })
					})
				}
			}
		}
	}
}

func panics(t *testing.T, place string, n, least int, files bool, how string, end func()) {
	d := newRogue(nil)
	d.files = files
	met := false
	d.now(func(now string, call int) {
		if now == place && call == n {
			met = true
			end()
		}
	})
	told := 0
	tell := func(err error) {
		if err == nil {
			return
		}
		told++
		p, ok := errors.AsType[*conn.PanicError](err)
		if !ok || !strings.Contains(string(p.Stack), "rogue_test.go") || errors.Is(err, errBroken) != (how == "panic") || conn.KindOf(err) != conn.KindUnknown {
			t.Errorf("got the kind %q: %v", conn.KindOf(err), err)
		}
	}
	r := record(t)
	c, err := conn.Open(t.Context(), d.config(conn.Pool{Min: least, Max: 2}), d.options(conn.WithObserver(r.bus))...)
	tell(err)
	if err == nil {
		time.Sleep(time.Minute) // the keeper checks
		if place != "connect" { // what a program calls itself is its own
			d.now(nil)
		}
		tell(bothPlaces(t, c))
		if strings.HasPrefix(place, "close") {
			d.now(func(now string, call int) {
				if now == place && call == n {
					end()
				}
			})
		}
		tell(c.Close())
	}
	for _, e := range of[conn.Warmed](r) {
		tell(e.Err)
	}
	time.Sleep(time.Second)
	if silent := place == "reset" || place == "validate" || place == "next" || strings.HasPrefix(place, "close"); met && told == 0 && !silent && n == 1 {
		t.Error("nobody was told")
	}
	if n := d.left(); n != 0 {
		t.Errorf("%d connections were not closed", n)
	}
}

// bothPlaces takes two connections out of a pool of two, and fails the test if there is no place for one.
func bothPlaces(t *testing.T, c *conn.Conn) (broken error) {
	t.Helper()
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		one, err := c.DB.Conn(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			t.Error("a place in the pool is taken")
		case err != nil:
			broken = err
		default:
			defer release(t, one)
		}
	}
	return broken
}

func TestPanicInClosingIsToldByTheClosing(t *testing.T) {
	for how, end := range ends {
		for _, place := range []string{"close", "close connector"} {
			for name, closing := range map[string]func(*conn.Conn) error{
				"Close":    (*conn.Conn).Close,
				"Shutdown": func(c *conn.Conn) error { return c.Shutdown(context.Background()) },
				"Abort":    func(c *conn.Conn) error { return c.Abort(nil) },
			} {
				t.Run(how+" in "+place+" by "+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						d := newRogue(func(now string, call int) {
							if now == place && call == 1 {
								end()
							}
						})
						r := record(t)
						c, err := conn.Open(t.Context(), d.config(conn.Pool{Min: 3}), d.options(conn.WithObserver(r.bus))...)
						if err != nil {
							t.Fatal(err)
						}
						err = closing(c)
						p, ok := errors.AsType[*conn.PanicError](err)
						if !ok || !strings.Contains(string(p.Stack), "rogue_test.go") {
							t.Errorf("got %v", err)
						}
						if n := d.left(); n != 0 || r.names()[len(r.names())-1] != "error" {
							t.Errorf("%d connections were not closed, the events are %v", n, r.names())
						}
					})
				})
			}
		}
	}
}

// Were the last idle connection left to database/sql, it would leave a goroutine behind, which synctest sees.
func TestPanicOverTheLastConnectionClosesTheRest(t *testing.T) {
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newRogue(func(place string, _ int) {
					if place == "close" {
						end()
					}
				})
				r := record(t)
				c, err := conn.Open(t.Context(), d.config(conn.Pool{}), d.options(conn.WithObserver(r.bus))...)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Close(); !is[*conn.PanicError](err) {
					t.Errorf("got %v", err)
				}
				if d.left() != 0 || d.count("close connector") != 1 || !slices.Equal(r.names(), []string{"connection:open", "error"}) {
					t.Errorf("%d sockets, the events are %v", d.left(), r.names())
				}
				if err := c.Close(); err != nil {
					t.Errorf("once more: %v", err)
				}
			})
		})
	}
}

// A driver that hangs over one connection closes the others, and closing is over when it has returned from that one.
func TestClosingTellsOfAConnectionThatHangs(t *testing.T) {
	for _, hanging := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			stuck := make(chan struct{})
			d := newRogue(nil)
			c, err := conn.Open(t.Context(), d.config(conn.Pool{Min: 3}), d.options(conn.WithObserver(nil))...)
			if err != nil {
				t.Fatal(err)
			}
			d.now(func(place string, n int) {
				if place == "close" && n == hanging {
					<-stuck
				}
			})
			start := time.Now()
			if err := c.Close(); conn.KindOf(err) != conn.KindTimeout || time.Since(start) > rogueTimeout+time.Second {
				t.Errorf("the one that hangs is number %d: after %v: %v", hanging, time.Since(start), err)
			}
			if n := d.left(); n != 1 || d.count("close connector") != 1 {
				t.Errorf("the one that hangs is number %d: %d sockets are open", hanging, n)
			}
			close(stuck)
			synctest.Wait()
			if n := d.left(); n != 0 {
				t.Errorf("the one that hangs is number %d: %d sockets are open", hanging, n)
			}
		})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// A place whose connection the driver does not close is made up for, so that opening goes on with a pool of one.
func TestPanicOverAConnectionThatIsGivenUpTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRogue(func(place string, n int) {
			if place == "close" && n <= 3 || place == "query" && n > 1 && n < 5 {
				panic(errBroken)
			}
		})
		c, err := conn.Open(t.Context(), d.config(conn.Pool{Min: 1, Max: 1}), d.options(conn.WithObserver(nil))...)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // in which the keeper replaces it again and again
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.PingContext(ctx); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestADialThatDoesNotReturnIsTold(t *testing.T) {
	for how, end := range ends {
		for _, files := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				d := newRogue(func(place string, _ int) {
					if place == "connect" {
						end()
					}
				})
				d.files = files
				bus, told := observer.New(), 0
				observer.On(bus, func(e conn.Dialed) {
					if told++; !e.Failed {
						t.Errorf("%s, files=%t: %+v", how, files, e)
					}
				})
				if _, err := conn.Open(t.Context(), d.config(conn.Pool{}), d.options(conn.WithObserver(bus))...); !is[*conn.PanicError](err) || told != 1 {
					t.Errorf("%s, files=%t: told %d times: %v", how, files, told, err)
				}
			})
		}
	}
}
