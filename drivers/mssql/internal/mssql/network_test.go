package mssql

import (
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

// tlsServer shakes hands and reads what comes.
func tlsServer(config *tls.Config) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.Copy(io.Discard, tls.Server(c, config)) } // the client may hang up
}

// stages are those at which a server can fall silent, in each way to encrypt.
var stages = map[string][]tdstest.Stage{
	"plaintext": {tdstest.OnAccept, tdstest.OnPrelogin, tdstest.AfterPrelogin, tdstest.OnLogin, tdstest.OnRequest},
	"TLS":       {tdstest.OnAccept, tdstest.OnPrelogin, tdstest.AfterPrelogin, tdstest.InHandshake, tdstest.OnLogin, tdstest.OnRequest},
	"strict":    {tdstest.OnAccept, tdstest.InHandshake, tdstest.OnPrelogin, tdstest.AfterPrelogin, tdstest.OnLogin, tdstest.OnRequest},
}

// TestSilence has servers fall silent at each stage, once while a pool is opened and once while it replaces its only
// connection. The last stage is the statement after the login, which is part of opening only.
func TestSilence(t *testing.T) {
	const timeout = 200 * time.Millisecond
	for _, m := range modes {
		for _, stage := range stages[m.name] {
			t.Run(fmt.Sprintf("%s, %s", m.name, stage), func(t *testing.T) {
				t.Parallel()
				s := start(t)
				cfg := m.config(s)
				cfg.ConnectTimeout, cfg.Pool.Max = timeout, 1
				db, err := open(limit(t), t, cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				s.Misbehave(tdstest.Fault{At: stage, Do: tdstest.Silence})
				begin := time.Now()
				e := opening(t, once(cfg))
				if took := time.Since(begin); e.Kind != registry.KindTimeout || took < timeout || took > timeout+soon {
					t.Errorf("opening took %v and ended in %v, of the kind %q", took, e, e.Kind)
				}

				if stage == tdstest.OnRequest {
					return // a statement of the pool has the time that its caller gives it
				}
				retire(t, db)
				begin = time.Now()
				_, err = db.ExecContext(limit(t), "SELECT 1")
				see(t, err)
				if took := time.Since(begin); db.Diagnose(err).Kind != registry.KindTimeout || took > timeout+soon {
					t.Errorf("replacing a connection took %v and ended in %v, of the kind %q", took, err, db.Diagnose(err).Kind)
				}
				s.Misbehave()
				if _, err := db.ExecContext(limit(t), "SELECT 1"); err != nil {
					t.Errorf("the slot is not free again: %v", err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				s.AwaitClosed(t)
			})
		}
	}
}

// retire has the pool give up its only connection.
func retire(t *testing.T, db *conn.Conn) {
	t.Helper()
	held, err := db.Conn(limit(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		t.Fatal(err)
	}
}

// TestServersThatEndTheLogin has servers hang up, reset and talk nonsense at each stage of a login.
func TestServersThatEndTheLogin(t *testing.T) {
	for _, m := range modes {
		for i, stage := range stages[m.name] {
			if stage == tdstest.OnRequest {
				continue
			}
			t.Run(fmt.Sprintf("%s, %s", m.name, stage), func(t *testing.T) {
				s := start(t)
				for _, deed := range []tdstest.Deed{tdstest.Hangup, tdstest.Abort} {
					s.Misbehave(tdstest.Fault{At: stage, Do: deed})
					expect(t, try(t, m.config(s)), registry.KindLost, "")
				}
				s.Misbehave(tdstest.Fault{At: stage, Send: tdstest.Garbage, Do: tdstest.Hangup})
				err := try(t, m.config(s))
				switch kind := Driver().Diagnose(err).Kind; {
				case err == nil:
					t.Error("it connects")
				case i == 0 && m.name != "strict" && kind != registry.KindConfig:
					t.Errorf("got %v, of the kind %q", err, kind)
				case kind != registry.KindConfig && kind != registry.KindTLS && kind != registry.KindLost:
					t.Errorf("got %v, of the kind %q", err, kind)
				}
				s.AwaitClosed(t)
			})
		}
	}
}

func TestWhatIsNotSQLServer(t *testing.T) {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	greets := func(text string) *testproxy.Listener {
		return testproxy.Serve(t, func(c net.Conn) {
			_, _ = io.WriteString(c, text) // the client may not want it
			_, _ = io.Copy(io.Discard, c)
		})
	}
	nowhere := testproxy.Closing(t)
	for name, c := range map[string]struct {
		host string
		port int
		kind [3]registry.Kind // by mode
		says string
	}{
		"nothing":      {"127.0.0.1", port, [3]registry.Kind{registry.KindUnreachable, registry.KindUnreachable, registry.KindUnreachable}, ""},
		"no such name": {"db.invalid", 0, [3]registry.Kind{registry.KindUnreachable, registry.KindUnreachable, registry.KindUnreachable}, "does not exist"},
		"hangs up":     {"", nowhere.Port(), [3]registry.Kind{registry.KindLost, registry.KindLost, registry.KindLost}, "params.strict"},
		"resets":       {"", testproxy.Resetting(t).Port(), [3]registry.Kind{registry.KindLost, registry.KindLost, registry.KindLost}, "params.strict"},
		"garbage":      {"", testproxy.Garbage(t).Port(), [3]registry.Kind{registry.KindConfig, registry.KindConfig, registry.KindTLS}, "check host and port"},
		"web server":   {"", testproxy.HTTP(t).Port(), [3]registry.Kind{registry.KindConfig, registry.KindConfig, registry.KindTLS}, "check host and port"},
		"MySQL":        {"", greets("J\x00\x00\x00\n8.4.0\x00").Port(), [3]registry.Kind{registry.KindConfig, registry.KindConfig, registry.KindTLS}, "check host and port"},
		"SSH":          {"", greets("SSH-2.0-OpenSSH_9.6\r\n").Port(), [3]registry.Kind{registry.KindConfig, registry.KindConfig, registry.KindTLS}, "check host and port"},
		"TLS server":   {"", testproxy.Serve(t, tlsServer(certificate(authority.Server()))).Port(), [3]registry.Kind{registry.KindLost, registry.KindLost, registry.KindTimeout}, ""},
	} {
		for i, m := range modes {
			t.Run(name+", "+m.name, func(t *testing.T) {
				cfg := registry.Config{
					Dialect: "mssql", Host: c.host, Port: c.port, User: "sa", Password: registry.NewSecret("pw of sa"),
					TLS: m.tls, Params: map[string]string{"strict": m.strict}, ConnectTimeout: 300 * time.Millisecond,
				}
				if cfg.Host == "" {
					cfg.Host = "127.0.0.1"
				}
				e := opening(t, once(cfg))
				if e.Kind != c.kind[i] || e.Hint == "" {
					t.Errorf("got the kind %q, want %q: %v", e.Kind, c.kind[i], e)
				}
				if c.kind[i] != registry.KindTimeout {
					expect(t, e.Err, c.kind[i], c.says)
				}
			})
		}
	}
}

// TestAnswerThatPanics sends a prelogin answer whose option for encryption has no value, for which the driver does not
// look.
func TestAnswerThatPanics(t *testing.T) {
	packet := []byte{4, 1, 0, 15, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0xff, 0}
	l := testproxy.Serve(t, func(c net.Conn) {
		_, _ = c.Write(packet) // the client may not want it
		_, _ = io.Copy(io.Discard, c)
	})
	err := try(t, registry.Config{Dialect: "mssql", Host: l.Host(), Port: l.Port(), User: "sa"})
	expect(t, err, registry.KindConfig, "check host and port")
}
