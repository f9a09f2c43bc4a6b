package postgres

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

// message is a message of PostgreSQL's protocol.
func message(kind byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body)))) + body
}

// authentication is a message about it.
func authentication(method uint32, rest string) string {
	return message('R', string(binary.BigEndian.AppendUint32(nil, method))+rest)
}

// without stands before what a server says again and again.
const without = "...without end: "

const scram = "SCRAM-SHA-256\x00\x00"

// scripted is a server that says the lines, each after the client has said something.
type scripted struct {
	*testproxy.Listener
	mu   sync.Mutex
	said []byte // by the clients
}

func script(t *testing.T, lines ...string) *scripted {
	s := new(scripted)
	s.Listener = testproxy.Serve(t, func(c net.Conn) {
		buffer := make([]byte, 8192)
		hears := func() bool {
			n, err := c.Read(buffer)
			s.mu.Lock()
			s.said = append(s.said, buffer[:n]...)
			s.mu.Unlock()
			return err == nil
		}
		for _, line := range lines {
			if !hears() {
				return
			}
			once, again, endless := strings.Cut(line, without)
			_, err := io.WriteString(c, once)
			// Made once: what a test counts is to be the client's memory, not what the server says ahead of it.
			for again := []byte(again); err == nil && endless; {
				_, err = c.Write(again)
			}
			if err != nil {
				return
			}
		}
		for hears() {
		}
	})
	return s
}

func (s *scripted) config() registry.Config {
	return registry.Config{Host: s.Host(), Port: s.Port(), User: "app", Password: registry.NewSecret("pw of app"), Database: "shop"}
}

// heard returns what clients have said so far.
func (s *scripted) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.said)
}

// B6: the length of the greeting is its first byte, which is a message type in PostgreSQL's protocol.
func TestMySQLIsToldByItsGreeting(t *testing.T) {
	for length := 40; length < 130; length++ {
		version := strings.Repeat("5.5.5-10.11.6-MariaDB-0+deb12u1 ", 5)
		greeting := append([]byte{byte(length), 0, 0, 0, 10}, version...)[:4+length]
		server := testproxy.Serve(t, func(c net.Conn) {
			_, _ = c.Write(greeting) // the client may have gone
			_, _ = io.Copy(io.Discard, c)
		})
		cfg := registry.Config{Host: server.Host(), Port: server.Port(), User: "app"}
		check(t, try(t, cfg), registry.KindConfig, "check host and port")
		cfg.TLS = &registry.TLS{SkipVerify: true}
		err := try(t, cfg)
		if letter := greeting[0]; letter == 'S' || letter == 'N' || letter == 'E' {
			check(t, err, registry.KindTLS, "") // a good answer, and then no TLS
		} else {
			check(t, err, registry.KindConfig, "check host and port")
		}
	}
}

func TestHostileServer(t *testing.T) {
	const (
		quick = 20 * time.Second       // it has to be refused, long before that
		short = 200 * time.Millisecond // only the time can end it
	)
	in := authentication(authOK, "") + message('K', "12345678") + message('Z', "I")
	sasl := authentication(10, scram)
	notice := message('N', "SNOTICE\x00C00000\x00M"+strings.Repeat("x", 1000)+"\x00\x00")
	for name, c := range map[string]struct {
		lines []string
		param string // require_auth
		limit time.Duration
		kind  registry.Kind
		says  string
	}{
		"huge first message":        {[]string{"R\x7f\xff\xff\xff"}, "", quick, registry.KindConfig, "check host and port"},
		"negative length":           {[]string{"R\xff\xff\xff\xff"}, "", quick, registry.KindConfig, "check host and port"},
		"huge error":                {[]string{"E\x00\x0f\xff\xff"}, "", quick, registry.KindConfig, "check host and port"},
		"huge parameter":            {[]string{authentication(authOK, "") + "S\x3f\xff\xff\xff"}, "", quick, registry.KindConfig, "check host and port"},
		"huge mechanisms":           {[]string{authentication(10, strings.Repeat("x", 3000))}, "", quick, registry.KindConfig, "check host and port"},
		"error without an end":      {[]string{message('E', "SFATAL\x00C28P01\x00Mno")}, "", quick, registry.KindConfig, "check host and port"},
		"message cut off":           {[]string{"E\x00\x00\x00\xff"}, "", short, registry.KindTimeout, ""},
		"silence after the login":   {[]string{authentication(authOK, "")}, "", short, registry.KindTimeout, ""},
		"notices before anything":   {[]string{notice}, "", quick, registry.KindConfig, "check host and port"},
		"endless notices":           {[]string{authentication(authOK, "") + without + notice}, "", quick, registry.KindConfig, "check host and port"},
		"endless parameters":        {[]string{authentication(authOK, "") + without + message('S', "x\x00y\x00")}, "", quick, registry.KindConfig, "check host and port"},
		"endless authentication":    {[]string{without + authentication(10, scram)}, "", quick, registry.KindConfig, "check host and port"},
		"ready before it asked":     {[]string{message('Z', "I")}, "", quick, registry.KindConfig, "check host and port"},
		"rows at a login":           {[]string{authentication(authOK, "") + message('D', "\x00\x00")}, "", quick, registry.KindConfig, "check host and port"},
		"password in clear":         {[]string{authentication(authCleartext, "")}, "", quick, registry.KindAuth, "params.require_auth=password"}, // B10
		"password in clear, late":   {[]string{sasl, authentication(authCleartext, "")}, "", quick, registry.KindAuth, "params.require_auth=password"},
		"MD5 that is not allowed":   {[]string{authentication(authMD5, "salt")}, "scram-sha-256", quick, registry.KindAuth, "params.require_auth"},
		"nothing that is asked for": {[]string{in}, "scram-sha-256", quick, registry.KindAuth, "params.require_auth"},
		"Kerberos":                  {[]string{authentication(2, "")}, "", quick, registry.KindAuth, "method of authentication"},
		"GSS":                       {[]string{authentication(7, "")}, "", quick, registry.KindAuth, "method of authentication"},
		"SSPI":                      {[]string{authentication(9, "")}, "", quick, registry.KindAuth, "method of authentication"},
		"OAuth alone":               {[]string{authentication(10, "OAUTHBEARER\x00\x00")}, "", quick, registry.KindAuth, "method of authentication"},
		"a method of tomorrow":      {[]string{authentication(99, "")}, "", quick, registry.KindAuth, "method of authentication"},
		"rounds without end":        {[]string{sasl, authentication(authSASLContinue, "r=x,s=eA==,i=2000000000")}, "", quick, registry.KindAuth, "scram_iterations"},
		"rounds beyond numbers":     {[]string{sasl, authentication(authSASLContinue, "r=x,s=eA==,i="+strings.Repeat("9", 30))}, "", quick, registry.KindAuth, "scram_iterations"},
		"another's nonce":           {[]string{sasl, authentication(authSASLContinue, "r=x,s=eA==,i=4096")}, "", quick, registry.KindAuth, "right server"},
	} {
		t.Run(name, func(t *testing.T) {
			s := script(t, c.lines...)
			cfg := s.config()
			if c.param != "" {
				cfg = with(cfg, "require_auth", c.param)
			}
			connector, err := Driver().Connector(cfg, registry.Env{})
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			_, err = connector.Connect(ctx)
			runtime.ReadMemStats(&after)
			check(t, err, c.kind, c.says)
			if took := after.TotalAlloc - before.TotalAlloc; c.limit == quick && took > 8<<20 {
				t.Errorf("it took %d bytes", took)
			}
			if said := s.heard(); strings.Contains(said, "pw of app") || strings.Contains(said, "md5") {
				t.Errorf("the server got %q", said)
			}
		})
	}
}

func TestServerThatAsksForAFileGetsNone(t *testing.T) {
	in := authentication(authOK, "") + message('K', "12345678") + message('Z', "I")
	s := script(t, in, message('G', "\x00\x00\x00"))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := pool(t, s.config(), registry.Env{}).ExecContext(ctx, "SELECT 1"); err == nil {
		t.Error("the statement succeeds")
	}
	if said := s.heard(); strings.Contains(said, "d\x00\x00") { // CopyData
		t.Errorf("the server got %q", said)
	}
}
