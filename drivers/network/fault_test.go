package network_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

func dial(t *testing.T, ctx context.Context, network_, address string) error {
	c, err := network.DialFunc(registry.Env{})(ctx, network_, address)
	if err == nil {
		_ = c.Close()
		t.Fatalf("dialing %s %s succeeds", network_, address)
	}
	return err
}

// closedPort returns an address that nothing listens at.
func closedPort(t *testing.T) string {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// read returns what connecting to l and reading gives.
func read(l *testproxy.Listener) error {
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Read(make([]byte, 1))
	return err
}

// atLogin returns err as a login returns it that fails with it.
func atLogin(err error) error {
	_, err = network.LogIn(context.Background(), &registry.Config{}, registry.Env{}, network.Diagnose,
		func(context.Context, registry.Login) (driver.Conn, error) { return nil, err })
	return err
}

func TestKindsOfNetworkErrors(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	refused := dial(t, t.Context(), "tcp", closedPort(t))
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	for name, c := range map[string]struct {
		err  error
		want registry.Kind
	}{
		"refused":                        {refused, registry.KindUnreachable},
		"refused, wrapped":               {fmt.Errorf("opening: %w", refused), registry.KindUnreachable},
		"one address refuses":            {errors.Join(errors.New("other"), refused), registry.KindUnreachable},
		"no socket":                      {dial(t, t.Context(), "unix", filepath.Join(folder, "none")), registry.KindUnreachable},
		"socket in what is no folder":    {dial(t, t.Context(), "unix", filepath.Join(file, "none")), registry.KindUnreachable},
		"file that is no socket":         {dial(t, t.Context(), "unix", file), registry.KindUnreachable},
		"socket path too long":           {dial(t, t.Context(), "unix", "/"+strings.Repeat("x", 200)), registry.KindConfig},
		"name that does not exist":       {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, registry.KindUnreachable},
		"name server that is silent":     {&net.OpError{Op: "dial", Err: &net.DNSError{IsTimeout: true}}, registry.KindUnreachable},
		"reset":                          {read(testproxy.Resetting(t)), registry.KindLost},
		"end of stream":                  {&net.OpError{Op: "read", Err: read(testproxy.Closing(t))}, registry.KindLost},
		"end of a login":                 {atLogin(fmt.Errorf("reading: %w", read(testproxy.Closing(t)))), registry.KindLost},
		"end within a message":           {atLogin(io.ErrUnexpectedEOF), registry.KindLost},
		"end of a file":                  {io.EOF, registry.KindUnknown}, // A10
		"end within a file":              {fmt.Errorf("reading the report: %w", io.ErrUnexpectedEOF), registry.KindUnknown},
		"end of a pipe":                  {io.ErrClosedPipe, registry.KindUnknown},
		"bad connection":                 {driver.ErrBadConn, registry.KindLost},
		"deadline passed":                {dial(t, late, "tcp", closedPort(t)), registry.KindTimeout},
		"deadline of a connection":       {os.ErrDeadlineExceeded, registry.KindTimeout},
		"canceled":                       {dial(t, canceled, "tcp", closedPort(t)), registry.KindCanceled},
		"port out of range":              {dial(t, t.Context(), "tcp", "127.0.0.1:70000"), registry.KindConfig},
		"no such network":                {dial(t, t.Context(), "tcp9", "127.0.0.1:1"), registry.KindConfig},
		"nothing to verify":              {atLogin(errors.New("tls: either ServerName or InsecureSkipVerify must be specified in the tls.Config")), registry.KindConfig},
		"file of a dialer not found":     {&os.PathError{Op: "open", Err: os.ErrNotExist}, registry.KindUnknown},
		"something else":                 {errors.New("something else"), registry.KindUnknown},
		"text that only begins so":       {errors.New("tls: x"), registry.KindUnknown},
		"text that only mentions tls: x": {errors.New("about tls: x"), registry.KindUnknown},
		"nothing":                        {nil, registry.KindUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := network.Diagnose(c.err).Kind; got != c.want {
				t.Errorf("kind of %v is %v, want %v", c.err, got, c.want)
			}
		})
	}
}

func TestPermanentIsSaidOfWhatWaitingDoesNotMend(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		permanent bool
		says      string
	}{
		"no such name":        {&net.DNSError{IsNotFound: true}, true, "does not exist"},
		"name server fails":   {&net.DNSError{IsTemporary: true}, false, "DNS"},
		"no socket":           {dial(t, t.Context(), "unix", filepath.Join(t.TempDir(), "none")), false, "no socket at that path"},
		"refused":             {dial(t, t.Context(), "tcp", closedPort(t)), false, ""},
		"path of 200 letters": {dial(t, t.Context(), "unix", "/"+strings.Repeat("x", 200)), false, "107 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got := network.Diagnose(c.err)
			if got.Permanent != c.permanent || !strings.Contains(got.Hint, c.says) || c.says == "" && got.Hint != "" {
				t.Errorf("diagnosis of %v is %+v, want Permanent %v and a hint that says %q", c.err, got, c.permanent, c.says)
			}
		})
	}
}

func TestWhatToDial(t *testing.T) {
	for _, c := range []struct {
		cfg              registry.Config
		network, address string
	}{
		{registry.Config{}, "tcp", "localhost:99"},
		{registry.Config{Host: "db.example", Port: 1234}, "tcp", "db.example:1234"},
		{registry.Config{Host: "::1"}, "tcp", "[::1]:99"},
		{registry.Config{Host: "fe80::1%eth0"}, "tcp", "[fe80::1%eth0]:99"},
		{registry.Config{Host: "/run/db.sock"}, "unix", "/run/db.sock"},
	} {
		if n, a := network.Address(&c.cfg, 99); n != c.network || a != c.address {
			t.Errorf("%v: got %s %s, want %s %s", c.cfg, n, a, c.network, c.address)
		}
	}
}

func TestAppNameIsThatOfTheProgram(t *testing.T) {
	if got := network.AppName(&registry.Config{AppName: "billing"}); got != "billing" {
		t.Errorf("got %q, want the name in the config", got)
	}
	if got := network.AppName(&registry.Config{}); got != "network.test" {
		t.Errorf("got %q, want the name of the test program", got)
	}
}

func TestFileNameIsAnError(t *testing.T) {
	var wrong *registry.ConfigError
	if err := network.CheckFields(&registry.Config{Filename: "x.db"}); !errors.As(err, &wrong) || wrong.Field != "filename" {
		t.Errorf("got %v, want a ConfigError of filename", err)
	}
	if err := network.CheckFields(&registry.Config{Hosts: []string{"a"}}); !errors.As(err, &wrong) || wrong.Field != "hosts" {
		t.Errorf("got %v", err)
	}
	if err := network.CheckFields(&registry.Config{Database: "x"}); err != nil {
		t.Error(err)
	}
}
