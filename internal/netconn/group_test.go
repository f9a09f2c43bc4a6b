package netconn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// pipe returns a member of the groups, and its other end.
func pipe(t *testing.T, groups ...*netconn.Group) (member, other net.Conn) {
	a, b := net.Pipe()
	t.Cleanup(func() { _ = a.Close(); _ = b.Close() }) // the test may have closed them
	return netconn.Join(a, groups...), b
}

func TestExpireEndsWhatWaitsAndWhatComesLater(t *testing.T) {
	var login, pool netconn.Group
	c, _ := pipe(t, &login, &pool)
	other, _ := pipe(t, &pool)
	failed := make(chan error)
	go func() { _, err := c.Read(make([]byte, 1)); failed <- err }()
	login.Expire()
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("waiting ended in %v", err)
	}
	late, _ := pipe(t, &login)
	if _, err := late.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one that joined later ended in %v", err)
	}
	go func() { _, err := other.Read(make([]byte, 1)); failed <- err }()
	if err := other.Close(); err != nil { // which nothing has happened to
		t.Error(err)
	}
	if err := <-failed; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("one of another login ended in %v", err)
	}
}

func TestCloseClosesMembersAndThoseThatJoinLater(t *testing.T) {
	var pool netconn.Group
	c, other := pipe(t, &pool)
	left, _ := pipe(t, &pool)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	pool.Close()
	late, _ := pipe(t, &pool)
	for _, c := range []net.Conn{c, late} {
		if _, err := c.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing ended in %v", err)
		}
	}
	if _, err := other.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the other side reads %v", err)
	}
}

func TestWhenEmptyTellsOnceTheLastIsClosed(t *testing.T) {
	var login netconn.Group
	told := 0
	login.WhenEmpty(func() { told++ })
	if told != 1 {
		t.Errorf("an empty group told %d times", told)
	}
	first, _ := pipe(t, &login)
	second, _ := pipe(t, &login)
	for _, c := range []net.Conn{first, second} {
		if told != 1 {
			t.Errorf("told %d times while one was open", told)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if told != 2 {
		t.Errorf("told %d times after all were closed", told)
	}
}

func TestBrokenCountsWhatTheOtherSideHasLeft(t *testing.T) {
	var login, pool netconn.Group
	left, other := pipe(t, &login, &pool)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := left.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("reading ended in %v", err)
		}
	}
	late, _ := pipe(t, &pool)
	if err := late.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading ended in %v", err)
	}
	gone, its := pipe(t, &pool)
	if err := its.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Write([]byte("x")); err == nil {
		t.Error("writing succeeded")
	}
	if a, b := login.Broken(), pool.Broken(); a != 1 || b != 2 {
		t.Errorf("%d of a login and %d of the pool are broken", a, b)
	}
	if pool.Mend(); pool.Broken() != 0 {
		t.Errorf("%d are broken after Mend", pool.Broken())
	}
}

func TestSilentCountsThoseThatWaitInVain(t *testing.T) {
	var pool netconn.Group
	give := func(c, other net.Conn) {
		t.Helper()
		go func() { _, _ = other.Write([]byte("x")) }()
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	waitInVain := func(c net.Conn) {
		t.Helper()
		if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Fatal("something came")
		}
	}
	is := func(want int, after string) {
		t.Helper()
		if got := pool.Silent(); got != want {
			t.Errorf("%d are silent after %s, want %d", got, after, want)
		}
	}
	a, fromA := pipe(t, &pool)
	b, fromB := pipe(t, &pool)
	waitInVain(a)
	is(0, "one that never answered")
	give(b, fromB)
	waitInVain(b)
	waitInVain(b)
	is(1, "one that was read from twice")
	if err := a.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	give(a, fromA)
	is(0, "an answer of another one")
}
