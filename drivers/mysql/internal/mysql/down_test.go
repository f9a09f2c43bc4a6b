package mysql

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestServerWithoutAConnectionLeft(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"max-connections": "10"}})
	run(t, s, "CREATE USER app IDENTIFIED BY 'pw of app'")
	app := as(s, "app", "pw of app")
	app.Database = ""
	db := pool(t, app, registry.Env{})
	var err error
	for range 20 {
		c, failed := db.Conn(limit(t))
		if err = failed; err != nil {
			break
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	check(t, err, registry.KindTooMany, "max_connections")
}

func TestServerThatStopsAndStarts(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	db := pool(t, s.Config(), registry.Env{})
	c := conn(t, db)
	done := make(chan error, 1)
	go func() {
		_, err := c.ExecContext(limit(t), "DO SLEEP(30)")
		done <- err
	}()
	awaitSleeper(t, s)
	s.Signal(t, syscall.SIGTERM)
	err := <-done
	if err == nil && s.IsMySQL() { // where a SLEEP that is interrupted ends well
		_, err = c.ExecContext(limit(t), "DO 1")
	}
	check(t, err, registry.KindLost, "")
	for { // until it is gone, it says one of several things, all of which are worth another attempt
		err := try(t, s.Config())
		if err == nil {
			continue
		}
		kind := Driver().Diagnose(err).Kind
		if !kind.Retryable() {
			t.Fatalf("kind of %q is %v while the server stops", err, kind)
		}
		if kind == registry.KindUnreachable {
			break
		}
	}
	s.Stop(t)
	cfg := s.Config()
	cfg.Host = s.Socket
	check(t, try(t, cfg), registry.KindUnreachable, "no socket at that path")
	s.Restart(t, testserver.Options{})
	if err := try(t, cfg); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotMySQL(t *testing.T) {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	at := func(l *testproxy.Listener) registry.Config {
		return registry.Config{Host: l.Host(), Port: l.Port(), User: "app", Password: registry.NewSecret("pw of app"), Database: "shop"}
	}
	says := func(parts ...string) registry.Config {
		return at(testproxy.Serve(t, func(c net.Conn) {
			for _, part := range parts {
				_, _ = c.Write([]byte(part))
				_, _ = c.Read(make([]byte, 1024)) // the answer, or the end
			}
		}))
	}
	for name, c := range map[string]struct {
		cfg  registry.Config
		kind registry.Kind
		says string
	}{
		"nothing":                {registry.Config{Host: "127.0.0.1", Port: port}, registry.KindUnreachable, ""},
		"no such name":           {registry.Config{Host: "db.invalid"}, registry.KindUnreachable, "does not exist"},
		"hangs up":               {at(testproxy.Closing(t)), registry.KindLost, ""},
		"resets":                 {at(testproxy.Resetting(t)), registry.KindLost, ""},
		"hangs up in a greeting": {at(testproxy.Serve(t, func(c net.Conn) { _, _ = c.Write([]byte("\x4a\x00\x00\x00\x0a5.5")) })), registry.KindLost, ""},
		"hangs up after it":      {says(greeting), registry.KindLost, ""},
		"garbage":                {at(testproxy.Garbage(t)), registry.KindConfig, "check host and port"},
		"mail server":            {says("220 mail.example ESMTP\r\n"), registry.KindConfig, "check host and port"},
		"SSH server":             {says("SSH-2.0-OpenSSH_9.2\r\n"), registry.KindConfig, "check host and port"},
		"short packet":           {says(packet(0, "hello")), registry.KindConfig, "check host and port"},
		"empty packet":           {says(packet(0, "")), registry.KindConfig, "check host and port"},
		"greeting cut short":     {says(packet(0, "\x0a5.5.5\x00\x01\x02")), registry.KindConfig, "check host and port"},
		"old protocol":           {says(packet(0, "\x093.20\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x00\x00\x00\x00")), registry.KindConfig, "check host and port"},
		"answer cut short":       {says(greeting, packet(2, "\xff")), registry.KindConfig, "check host and port"},
		"empty answer":           {says(greeting, packet(2, "")), registry.KindLost, ""},
		"unknown plugin":         {says(greeting, packet(2, "\xfeauth_gssapi_client\x00x\x00")), registry.KindAuth, "IDENTIFIED VIA"},
		"clear password":         {says(greeting, packet(2, "\xfemysql_clear_password\x00x\x00")), registry.KindAuth, "allowCleartextPasswords"},
		"too many connections":   {says(failure(1040, "Too many connections")), registry.KindTooMany, "max_connections"},
		"blocked host":           {says(failure(1129, "Host '127.0.0.1' is blocked because of many connection errors")), registry.KindBlocked, "FLUSH HOSTS"},
		"host without account":   {says(failure(1130, "Host '127.0.0.1' is not allowed to connect")), registry.KindAuth, "this host"},
		"node that is not ready": {says(failure(1047, "WSREP has not yet prepared node for application use")), registry.KindStarting, "not ready"},
		"TLS that is not there":  {encrypted(says(greeting)), registry.KindTLS, "TLS turned off"},
	} {
		t.Run(name, func(t *testing.T) { check(t, try(t, c.cfg), c.kind, c.says) })
	}
	t.Run("web server", func(t *testing.T) { // it waits to be spoken to
		check(t, connectFor(t, 50*time.Millisecond, at(testproxy.HTTP(t))), registry.KindTimeout, "")
	})
	t.Run("silence", func(t *testing.T) {
		check(t, connectFor(t, 50*time.Millisecond, at(testproxy.Silent(t))), registry.KindTimeout, "")
	})
}

func connectFor(t *testing.T, d time.Duration, cfg registry.Config) error {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	c, err := Driver().Connector(cfg, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Connect(ctx)
	return err
}

func encrypted(cfg registry.Config) registry.Config {
	cfg.TLS = &registry.TLS{SkipVerify: true}
	return cfg
}

// greeting is that of a server without TLS.
var greeting = packet(0, "\x0a5.5.5-10.11.0-MariaDB\x00"+strings.Repeat("\x01", 8+4)+"\x00\xff\xf7\x2d\x02\x00\xff\x81\x15"+strings.Repeat("\x00", 10)+strings.Repeat("\x01", 12)+"\x00mysql_native_password\x00")

// packet and failure write what a server sends.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
func packet(number byte, body string) string {
	header := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	header[3] = number
	return string(header) + body
}

func failure(number uint16, message string) string {
	return packet(0, "\xff"+string(binary.LittleEndian.AppendUint16(nil, number))+message)
}

// awaitSleeper returns when a connection sleeps for 30 s.
func awaitSleeper(t *testing.T, s *testserver.Server) {
	db, ctx := pool(t, s.Config(), registry.Env{}), limit(t)
	for sleeping := false; !sleeping; {
		err := db.QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep' AND INFO = 'DO SLEEP(30)'").Scan(&sleeping)
		if err != nil {
			t.Fatal(err)
		}
	}
}
