package mysql

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

const welcome = "\x00\x00\x00\x02\x00\x00\x00"

// TestHostileServers: a login ends within its timeout, with bounded memory, and gives nothing away that the config
// does not allow.
func TestHostileServers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("what is in the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<16)
	var rows strings.Builder
	for i := range 256 {
		rows.WriteString(packet(byte(i+2), "\x03abc"))
	}
	for name, c := range map[string]struct {
		says    []string // what it sends, each after something was received
		endless string   // what it sends then, for ever
		slowly  bool
		kind    registry.Kind
	}{
		"endless packet":             {says: []string{greeting}, endless: "\xff\xff\xff\x02" + big, kind: registry.KindConfig},
		"endless packets":            {says: []string{greeting}, endless: packet(2, "\x01\x03"), kind: registry.KindLost},
		"endless error":              {says: []string{greeting}, endless: "\xff\xff\xff\x02\xff" + big, kind: registry.KindConfig},
		"a byte now and then":        {says: []string{greeting, "\xff\xff\xff\x02"}, endless: "x", slowly: true, kind: registry.KindCanceled},
		"greeting by the byte":       {says: []string{"\x4a\x00\x00\x00\x0a"}, endless: "x", slowly: true, kind: registry.KindCanceled},
		"endless answer to SET":      {says: []string{greeting, packet(2, welcome)}, endless: "\xff\xff\xff\x01" + big, kind: registry.KindConfig},
		"endless rows of SET":        {says: []string{greeting, packet(2, welcome), packet(1, "\x01")}, endless: rows.String(), kind: registry.KindConfig},
		"file":                       {says: []string{greeting, packet(2, welcome), packet(1, "\xfb"+file)}},
		"password as it is":          {says: []string{greeting, packet(2, "\xfemysql_clear_password\x00")}, kind: registry.KindAuth},
		"old hash of the password":   {says: []string{greeting, packet(2, "\xfe")}, kind: registry.KindAuth},
		"dialog":                     {says: []string{greeting, packet(2, "\xfedialog\x00\x02Password: ")}, kind: registry.KindAuth},
		"key that is none":           {says: []string{greeting, packet(2, "\xfecaching_sha2_password\x00"+strings.Repeat("x", 21)), packet(4, "\x01\x04"), packet(6, "\x01no key")}, kind: registry.KindAuth},
		"one method after the other": {says: []string{greeting, packet(2, "\xfemysql_native_password\x00"+strings.Repeat("x", 21)), packet(4, "\xfemysql_clear_password\x00")}, kind: registry.KindLost},
	} {
		t.Run(name, func(t *testing.T) {
			var written atomic.Int64
			heard, saying := make(chan string, 1), make(chan bool, 1)
			l := testproxy.Serve(t, func(socket net.Conn) {
				var all strings.Builder
				defer func() { heard <- all.String() }()
				for i, text := range c.says {
					if i > 0 {
						buffer := make([]byte, 4096)
						n, err := socket.Read(buffer)
						if all.Write(buffer[:n]); err != nil {
							return
						}
					}
					_, _ = socket.Write([]byte(text))
				}
				if c.endless != "" && !c.slowly && len(c.says) < 3 {
					n, _ := socket.Read(make([]byte, 4096))
					written.Add(int64(n))
				}
				for c.endless != "" {
					n, err := socket.Write([]byte(c.endless))
					if written.Add(int64(n)); err != nil {
						return
					}
					if c.slowly {
						select {
						case saying <- true:
						default:
						}
						time.Sleep(time.Millisecond)
					}
				}
				if c.kind == registry.KindUnknown { // the client answers with what it has of the file, and waits
					buffer := make([]byte, 4096)
					n, _ := socket.Read(buffer)
					all.Write(buffer[:n])
					return
				}
				rest, _ := io.ReadAll(socket) // until the client hangs up
				all.Write(rest)
			})
			cfg := registry.Config{Host: l.Host(), Port: l.Port(), User: "app", Password: registry.NewSecret("pw of app")}
			ctx, cancel := context.WithCancel(limit(t))
			defer cancel()
			if c.slowly {
				go func() {
					<-saying
					cancel()
				}()
			}
			connector, err := Driver().Connector(cfg, registry.Env{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = connector.Connect(ctx)
			if c.kind == registry.KindUnknown && err == nil {
				t.Error("no error")
			} else if c.kind != registry.KindUnknown {
				check(t, err, c.kind, "")
			}
			var got string
			select {
			case got = <-heard:
			case <-limit(t).Done():
				t.Fatalf("the connection is still there: %v", err)
			}
			if strings.Contains(got, "pw of app") || strings.Contains(got, "what is in the file") {
				t.Errorf("the server got %q", got)
			}
			if n := written.Load(); n > 32<<20 { // most of it is in the buffers of the sockets
				t.Errorf("the server could send %d bytes", n)
			}
		})
	}
}

// TestPanicsKeepTheirOrigin: what panics in the driver is the server's doing, and what panics in the dialer, or in its
// connection, is not.
func TestPanicsKeepTheirOrigin(t *testing.T) {
	l := testproxy.Serve(t, func(c net.Conn) {
		_, _ = c.Write([]byte(greeting))
		_, _ = c.Read(make([]byte, 1024))
		_, _ = c.Write([]byte(packet(2, "\xff")))
		_, _ = c.Read(make([]byte, 1024))
	})
	cfg := registry.Config{Host: l.Host(), Port: l.Port()}
	err := connectFor(t, 10*time.Second, cfg)
	told, ok := errors.AsType[interface {
		error
		Stack() []byte
	}](err)
	if !ok || !errors.Is(err, errNotMySQL) || !strings.Contains(string(told.Stack()), "go-sql-driver/mysql.") {
		t.Errorf("got %v, want the driver's panic with its stack", err)
	}

	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"dialer": func(context.Context, string, string) (net.Conn, error) { return fallOver() },
		"connection": func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			return fallingOver{c}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Driver().Connector(cfg, registry.Env{Dial: dial})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if reason, stack := recover(), string(debug.Stack()); reason != "fell over" || !strings.Contains(stack, "fallOver") {
					t.Errorf("got %v, want the panic with its stack:\n%s", reason, stack)
				}
			}()
			_, err = c.Connect(t.Context())
			t.Errorf("got %v, want a panic", err)
		})
	}
}

func fallOver() (net.Conn, error) { panic("fell over") }

type fallingOver struct{ net.Conn }

func (c fallingOver) Read([]byte) (int, error) {
	_, err := fallOver()
	return 0, err
}
