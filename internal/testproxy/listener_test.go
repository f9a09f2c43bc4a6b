package testproxy_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testproxy"
)

func TestASilentListenerSaysNothing(t *testing.T) {
	l := testproxy.Silent(t)
	c := dial(t, l.Addr())
	c.say("anybody there?\n")
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if err := c.fails(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading from it: %v", err)
	}
	if l.Accepted() != 1 {
		t.Errorf("it accepted %d connections", l.Accepted())
	}
}

func TestAClosingListenerEndsInOrder(t *testing.T) {
	if err := dial(t, testproxy.Closing(t).Addr()).fails(); err != nil {
		t.Errorf("reading from it: %v", err)
	}
}

func TestAResettingListenerResets(t *testing.T) {
	if err := ends(t, testproxy.Resetting(t).Addr()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reading from it: %v", err)
	}
}

func TestAGarbageListenerSaysGarbageWhateverItHears(t *testing.T) {
	c := dial(t, testproxy.Garbage(t).Addr())
	c.say("a login\n")
	text, err := io.ReadAll(c)
	if len(text) != 4096 || err != nil {
		t.Errorf("heard %d bytes, %v", len(text), err)
	}
}

func TestAnHTTPListenerIsAWebServer(t *testing.T) {
	l := testproxy.HTTP(t)
	answer, err := http.Get("http://" + l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("it answers HTTP with %s", answer.Status)
	}
	c := dial(t, l.Addr())
	c.say("\x00\x00\x00\x08\x04\xd2\x16\x2f")
	text, err := io.ReadAll(c)
	if !strings.HasPrefix(string(text), "HTTP/1.1 400 Bad Request\r\n") || err != nil {
		t.Errorf("it answers another protocol with %q, %v", text, err)
	}
}
