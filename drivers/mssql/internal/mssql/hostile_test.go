package mssql

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

// agreed is an answer to the prelogin: without encryption.
func agreed(encryption byte) []byte {
	return newPacket(4, []byte{0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 3, 0xe8, 0, 6, encryption})
}

// answers is a server that reads a message before each of its answers. Then it says more for as long as it is listened to,
// or nothing. Once the client has hung up it tells what it got.
func answers(t *testing.T, more []byte, list ...[]byte) (l *testproxy.Listener, got <-chan []byte) {
	told := make(chan []byte, 1)
	return testproxy.Serve(t, func(c net.Conn) {
		var all []byte
		defer func() { told <- all }()
		for _, answer := range list {
			p, err := readPacket(c, "\x10\x12\x16")
			if err != nil {
				return
			}
			all = append(all, p...)
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
		var writing sync.WaitGroup
		defer writing.Wait()
		writing.Go(func() {
			for err := error(nil); len(more) > 0 && err == nil; {
				_, err = c.Write(more)
			}
		})
		rest, _ := io.ReadAll(c) // it may end in a reset
		all = append(all, rest...)
	}), told
}

func u16(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func u32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

func tokens(parts ...[]byte) []byte { return newPacket(4, bytes.Join(parts, nil)) }

// size is a change of the packet size.
func size(text string) []byte {
	b := append([]byte{4, byte(len(text))}, wide(text)...)
	return append(append([]byte{0xe3}, u16(len(b)+1)...), append(b, 0)...)
}

// unfinished makes p one that is not the last of its message.
func unfinished(p []byte) []byte {
	p[1] = 0
	return p
}

// TestHostileServer has servers lie during the login. Each ends before the connect timeout, or with it, and costs no more
// memory than a login may.
func TestHostileServer(t *testing.T) {
	const password = "pw of somebody"
	endless := unfinished(newPacket(4, bytes.Repeat(append([]byte{0xab}, u16(0)...), 1000)))
	plain, done := agreed(encryptNotSup), tokens([]byte{0xae, 99}, u32(4000), make([]byte, 4000), []byte{0xff, 0xfd}, make([]byte, 12))
	for name, c := range map[string]struct {
		tls  *registry.TLS
		more []byte
		list [][]byte
		kind registry.Kind
		sent bool // the login, as this server may have it
	}{
		"a prelogin without end":          {nil, endless, [][]byte{unfinished(agreed(2))}, registry.KindConfig, false},
		"a prelogin of nothing":           {nil, nil, [][]byte{newPacket(4, nil)}, registry.KindConfig, false},
		"options without end":             {nil, nil, [][]byte{newPacket(4, bytes.Repeat([]byte{1, 0, 0, 0, 1}, 12000))}, registry.KindConfig, false},
		"an option beyond the end":        {nil, nil, [][]byte{newPacket(4, []byte{1, 0xff, 0xff, 0, 1, 0xff, 0})}, registry.KindConfig, false},
		"encryption of no byte":           {nil, nil, [][]byte{newPacket(4, []byte{1, 0, 6, 0, 0, 0xff, 2})}, registry.KindConfig, false},
		"no word of encryption":           {nil, nil, [][]byte{newPacket(4, []byte{0xff})}, registry.KindConfig, false},
		"off, to a client without":        {nil, nil, [][]byte{agreed(0)}, registry.KindConfig, false},
		"on, and no TLS comes":            {nil, nil, [][]byte{agreed(encryptOn)}, registry.KindTimeout, false},
		"no TLS for one who wants it":     {&registry.TLS{}, nil, [][]byte{plain}, registry.KindTLS, false},
		"for the login only":              {&registry.TLS{SkipVerify: true}, nil, [][]byte{agreed(0)}, registry.KindTLS, false},
		"encryption that does not exist":  {&registry.TLS{SkipVerify: true}, nil, [][]byte{agreed(0x7f)}, registry.KindTLS, false},
		"a handshake of empty packets":    {&registry.TLS{SkipVerify: true}, newPacket(18, nil), [][]byte{agreed(encryptOn), newPacket(18, nil)}, registry.KindTimeout, false},
		"a handshake of noise":            {&registry.TLS{SkipVerify: true}, nil, [][]byte{agreed(encryptOn), newPacket(18, bytes.Repeat([]byte{7}, 4000))}, registry.KindTLS, false},
		"messages without end":            {nil, endless, [][]byte{plain, endless}, registry.KindConfig, true},
		"answers without end":             {nil, done, [][]byte{plain, done}, registry.KindConfig, true},
		"an answer without a result":      {nil, nil, [][]byte{plain, tokens([]byte{0xab}, u16(0))}, registry.KindLost, true},
		"a token of 48 GB":                {nil, nil, [][]byte{plain, tokens([]byte{0xee}, u32(-1), u32(-1))}, registry.KindConfig, true},
		"a feature of 4 GB":               {nil, nil, [][]byte{plain, tokens([]byte{0xae, 2}, u32(-1))}, registry.KindConfig, true},
		"a feature list without end":      {nil, nil, [][]byte{plain, tokens([]byte{0xae})}, registry.KindConfig, true},
		"a login ack of nothing":          {nil, nil, [][]byte{plain, tokens([]byte{0xad}, u16(0))}, registry.KindConfig, true},
		"a question of Windows' accounts": {nil, nil, [][]byte{plain, tokens([]byte{0xed}, u16(2), u16(0))}, registry.KindConfig, true},
		"packets of 8 bytes":              {nil, nil, [][]byte{plain, tokens(size("8"))}, registry.KindConfig, true},
		"packets of 99999 bytes":          {nil, nil, [][]byte{plain, tokens(size("99999"))}, registry.KindConfig, true},
		"packets of no number":            {nil, nil, [][]byte{plain, tokens([]byte{0xe3}, u16(2), []byte{4, 200})}, registry.KindConfig, true},
		"a packet less than its header":   {nil, nil, [][]byte{plain, {4, 1, 0, 3, 0, 0, 1, 0}}, registry.KindConfig, true},
		"rows in the answer to a login":   {nil, nil, [][]byte{plain, tokens([]byte{0x81, 0xff, 0x7f})}, registry.KindConfig, true},
		"silence after the login":         {nil, nil, [][]byte{plain}, registry.KindTimeout, true},
		"half a packet, and silence":      {nil, nil, [][]byte{plain, {4, 1, 0xff, 0xff, 0, 0, 1, 0, 0xab}}, registry.KindTimeout, true},
	} {
		t.Run(name, func(t *testing.T) {
			const timeout = 300 * time.Millisecond
			l, got := answers(t, c.more, c.list...)
			cfg := registry.Config{
				Dialect: "mssql", Host: l.Host(), Port: l.Port(), User: "sa", Password: registry.NewSecret(password),
				TLS: c.tls, ConnectTimeout: timeout,
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			e := opening(t, once(cfg))
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			if e.Kind != c.kind {
				t.Errorf("got the kind %q, want %q: %v", e.Kind, c.kind, e)
			}
			if took > timeout+soon {
				t.Errorf("it took %v", took)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("%d bytes were allocated", grown)
			}
			if sent := shows(<-got, mangled(password)); sent != c.sent {
				t.Errorf("the password was sent: %t, want %t", sent, c.sent)
			}
		})
	}
}

var errFile = errors.New("no instance matching the one in the file")

// TestErrorsOfADialerHaveNoKind is a sibling of case A10: a dialer of one's own may say what the driver says.
func TestErrorsOfADialerHaveNoKind(t *testing.T) {
	c, err := Driver().Connector(registry.Config{User: "sa", Password: registry.NewSecret("pw of sa")}, registry.Env{
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errFile },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Connect(t.Context()); !errors.Is(err, errFile) || Driver().Diagnose(err) != (registry.Diagnosis{}) {
		t.Errorf("got %v, %+v", err, Driver().Diagnose(err))
	}
}
