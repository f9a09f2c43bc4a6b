package testproxy_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testproxy"
)

// echo is a server that greets, and answers each line with the same line, except that "bye" ends it.
func echo(t *testing.T, greeting string) string {
	return testproxy.Serve(t, func(conn net.Conn) {
		fmt.Fprint(conn, greeting)
		for lines := bufio.NewScanner(conn); lines.Scan() && lines.Text() != "bye"; {
			fmt.Fprintln(conn, lines.Text())
		}
	}).Addr()
}

type client struct {
	t *testing.T
	*net.TCPConn
	lines *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn.(*net.TCPConn), bufio.NewReader(conn)}
}

func (c *client) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) hear(want string) {
	c.t.Helper()
	if got, err := c.lines.ReadString('\n'); got != want || err != nil {
		c.t.Fatalf("heard %q, %v; want %q", got, err, want)
	}
}

// fails reads until the connection ends and returns what ended it; nil for an orderly end.
func (c *client) fails() error {
	_, err := io.Copy(io.Discard, c.lines)
	return err
}

// ends connects to addr and returns what ended the connection, be it so soon that the dial notices.
func ends(t *testing.T, addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.Copy(io.Discard, conn)
	return err
}

func TestItForwardsAndRecordsBothDirections(t *testing.T) {
	p := testproxy.New(t, echo(t, "hello\n"))
	for _, line := range []string{"one\n", "two\n"} {
		c := dial(t, p.Addr())
		c.hear("hello\n")
		c.say(line)
		c.hear(line)
		c.Close()
	}
	for i, line := range []string{"one\n", "two\n"} {
		c := p.Conns()[i]
		<-c.Done()
		if string(c.Sent()) != line || string(c.Received()) != "hello\n"+line {
			t.Errorf("connection %d recorded %q and %q", i, c.Sent(), c.Received())
		}
	}
	if string(p.Sent()) != "one\ntwo\n" {
		t.Errorf("all clients sent %q", p.Sent())
	}
}

func TestItForwardsManyBytesUnchanged(t *testing.T) {
	p := testproxy.New(t, echo(t, ""))
	p.SetRecording(false)
	c := dial(t, p.Addr())
	line := strings.Repeat("0123456789", 6000) + "\n"
	go func() {
		for range 20 {
			io.WriteString(c, line)
		}
	}()
	for range 20 {
		c.hear(line)
	}
	if n := len(p.Sent()); n != 0 {
		t.Errorf("recorded %d bytes although recording was off", n)
	}
}

func TestARoundTripIsCountedWhenTheClientBeginsToSpeak(t *testing.T) {
	p := testproxy.New(t, echo(t, "hello\n"))
	c := dial(t, p.Addr())
	c.hear("hello\n")
	if n := p.Trips(); n != 0 {
		t.Errorf("%d round trips before the client spoke", n)
	}
	for range 3 {
		c.say("first half, ")
		for len(p.Sent())%len("first half, second half\n") != len("first half, ") {
			runtime.Gosched() // so that the halves come in two reads
		}
		c.say("second half\n")
		c.hear("first half, second half\n")
	}
	if n := p.Trips(); n != 3 {
		t.Errorf("%d round trips, want 3", n)
	}
}

func TestLatencyIsPaidOncePerRoundTrip(t *testing.T) {
	const latency = 60 * time.Millisecond
	p := testproxy.New(t, echo(t, "hello\n"))
	p.SetLatency(latency)
	timed := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	var c *client
	opening := timed(func() { c = dial(t, p.Addr()); c.hear("hello\n") })
	three := timed(func() {
		for range 3 {
			c.say("x\n")
			c.hear("x\n")
		}
	})
	together := timed(func() {
		for i := range 20 {
			c.say(fmt.Sprintln(i))
			time.Sleep(time.Millisecond) // so that they come in several reads
		}
		for i := range 20 {
			c.hear(fmt.Sprintln(i))
		}
	})
	if opening < latency || three < 3*latency || together < latency {
		t.Errorf("too quick: opening %v, three round trips %v, one of many writes %v", opening, three, together)
	}
	if together > 10*latency {
		t.Errorf("20 lines sent without waiting took %v, as if each had waited for the one before", together)
	}
}

func TestItCutsAndResets(t *testing.T) {
	p := testproxy.New(t, echo(t, "hello\n"))
	open := func() *client {
		c := dial(t, p.Addr())
		c.hear("hello\n")
		return c
	}
	c := open()
	p.CloseAll()
	if err := c.fails(); err != nil {
		t.Errorf("after CloseAll: %v, want an orderly end", err)
	}
	c = open()
	p.ResetAll()
	if err := c.fails(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after ResetAll: %v, want a reset", err)
	}
	c = open()
	p.SetRule(func(chunk testproxy.Chunk) testproxy.Action {
		if chunk.Trip == 2 && string(chunk.Data) == "b\n" {
			return testproxy.Reset
		}
		return testproxy.Pass
	})
	c.say("a\n")
	c.hear("a\n")
	c.say("b\n")
	if err := c.fails(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a rule's Reset: %v, want a reset", err)
	}
}

func TestItRefusesAndAcceptsAgain(t *testing.T) {
	p := testproxy.New(t, echo(t, "hello\n"))
	before := dial(t, p.Addr())
	before.hear("hello\n")
	p.Refuse()
	p.Refuse()
	if conn, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialing it: %v, %v; want a refusal", conn, err)
	}
	before.say("still here\n")
	before.hear("still here\n")
	p.Accept()
	p.Accept()
	dial(t, p.Addr()).hear("hello\n")
}

func TestItStallsFromARoundTripOnAndResumes(t *testing.T) {
	p := testproxy.New(t, echo(t, "hello\n"))
	p.StallAnswers(2)
	c := dial(t, p.Addr())
	c.hear("hello\n")
	c.say("a\n")
	c.hear("a\n")
	c.say("b\n")
	conn := p.Conns()[0]
	for string(conn.Received()) != "hello\na\nb\n" {
		runtime.Gosched()
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := c.lines.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the answer came through the stall: %v", err)
	}
	c.SetReadDeadline(time.Time{})
	p.Resume()
	c.hear("b\n")
	c.say("c\n")
	c.hear("c\n")
}

func TestAStalledConnectionEndsWhenTheClientHangsUp(t *testing.T) {
	ended := make(chan error, 1)
	server := testproxy.Serve(t, func(conn net.Conn) {
		fmt.Fprintln(conn, "hello")
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	})
	p := testproxy.New(t, server.Addr())
	p.Stall()
	c := dial(t, p.Addr())
	for len(p.Conns()) == 0 || len(p.Conns()[0].Received()) == 0 {
		runtime.Gosched()
	}
	c.Close()
	<-p.Conns()[0].Done()
	<-ended
}

func TestTheTargetCanBeSwapped(t *testing.T) {
	p := testproxy.New(t, echo(t, "first\n"))
	old := dial(t, p.Addr())
	old.hear("first\n")
	p.SetTarget(echo(t, "second\n"))
	dial(t, p.Addr()).hear("second\n")
	old.say("still the first\n")
	old.hear("still the first\n")
}

func TestHowTheServerEndsIsHowTheClientSeesIt(t *testing.T) {
	t.Run("orderly", func(t *testing.T) {
		c := dial(t, testproxy.New(t, echo(t, "")).Addr())
		c.say("last words\nbye\n")
		c.hear("last words\n")
		if err := c.fails(); err != nil {
			t.Errorf("%v, want an orderly end", err)
		}
	})
	t.Run("reset", func(t *testing.T) {
		p := testproxy.New(t, testproxy.Resetting(t).Addr())
		if err := ends(t, p.Addr()); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a reset", err)
		}
	})
	t.Run("absent", func(t *testing.T) {
		gone := testproxy.New(t, "")
		gone.Refuse()
		p := testproxy.New(t, gone.Addr())
		if err := ends(t, p.Addr()); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a reset", err)
		}
	})
	t.Run("after the client has ended its side", func(t *testing.T) {
		c := dial(t, testproxy.New(t, echo(t, "")).Addr())
		c.say("last words\n")
		c.CloseWrite()
		c.hear("last words\n")
		if err := c.fails(); err != nil {
			t.Errorf("%v, want an orderly end", err)
		}
	})
}

func TestItForwardsToAUnixSocket(t *testing.T) {
	path := t.TempDir() + "/s"
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			io.WriteString(conn, "hello\n")
			conn.Close()
		}
	}()
	dial(t, testproxy.New(t, path).Addr()).hear("hello\n")
}

func TestNoGoroutineIsLeft(t *testing.T) {
	t.Run("with connections in every state", func(t *testing.T) {
		p := testproxy.New(t, echo(t, "hello\n"))
		dial(t, p.Addr()).hear("hello\n")
		p.StallAnswers(0)
		dial(t, p.Addr())
		dial(t, testproxy.Silent(t).Addr())
		dial(t, testproxy.Garbage(t).Addr())
		dial(t, testproxy.HTTP(t).Addr())
		slow := testproxy.New(t, p.Addr())
		slow.SetLatency(time.Hour)
		dial(t, slow.Addr())
	})
	stacks := make([]byte, 1<<20)
	for {
		// A goroutine that has reported its end may need a moment more; one that stays lets the test time out
		// and show it.
		text := string(stacks[:runtime.Stack(stacks, true)])
		if !strings.Contains(text, "testproxy.(*") && !strings.Contains(text, "testproxy.Serve") {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
