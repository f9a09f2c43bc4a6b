package mssql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// sqlBrowser answers like a SQL Server Browser that knows one instance, or stays silent for port 0.
// https://learn.microsoft.com/openspecs/windows_protocols/mc-sqlr/2e1560c9-5097-4023-9f5e-72b9ff1ec3b1
func sqlBrowser(t *testing.T, instance string, port int) net.Addr {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := make([]byte, 64); ; {
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			if port == 0 || n != 1 || b[0] != 3 {
				continue
			}
			text := fmt.Sprintf("ServerName;HERE;InstanceName;%s;IsClustered;No;Version;16.0.1000.6;tcp;%d;;", instance, port)
			answer := append(binary.LittleEndian.AppendUint16([]byte{5}, uint16(len(text))), text...)
			_, _ = l.WriteTo(answer, from) // the client may have left
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.LocalAddr()
}

// lent dials the browser where it is, and keeps what was dialed.
type lent struct {
	browser net.Addr
	mu      sync.Mutex
	dialed  []string
}

func (l *lent) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialed = append(l.dialed, network+" "+address)
	if network == "udp" {
		if l.browser == nil {
			return nil, errors.New("no UDP through this tunnel")
		}
		address = l.browser.String()
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

func TestInstance(t *testing.T) {
	s := start(t)
	there := sqlBrowser(t, "SQLEXPRESS", s.Port())
	tcp := "tcp " + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port()))
	const udp = "udp 127.0.0.1:1434"
	for name, c := range map[string]struct {
		instance string
		port     int
		browser  net.Addr
		kind     registry.Kind // unknown: it connects
		says     string
		dialed   []string
	}{
		"known":             {"sqlexpress", 0, there, registry.KindUnknown, "", []string{udp, tcp}},
		"unknown":           {"OTHER", 0, there, registry.KindConfig, "params.instance", []string{udp}},
		"with a port":       {"OTHER", s.Port(), nil, registry.KindUnknown, "", []string{tcp}},
		"browser silent":    {"SQLEXPRESS", 0, sqlBrowser(t, "", 0), registry.KindTimeout, "UDP port 1434", []string{udp}},
		"browser gone":      {"SQLEXPRESS", 0, gone(t), registry.KindUnreachable, "UDP port 1434", []string{udp}},
		"dialer has no UDP": {"SQLEXPRESS", 0, nil, registry.KindUnknown, "UDP port 1434", []string{udp}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := with(s.Config(), "instance", c.instance)
			cfg.Port = c.port
			l := &lent{browser: c.browser}
			begin := time.Now()
			err := pool(t, cfg, registry.Env{Dial: l.Dial}).PingContext(limit(t))
			if took := time.Since(begin); took > browserTime+soon {
				t.Errorf("it took %v", took)
			}
			if c.says != "" {
				expect(t, err, c.kind, c.says)
			} else if err != nil {
				t.Error(err)
			}
			if !slices.Equal(l.dialed, c.dialed) {
				t.Errorf("dialed %q, want %q", l.dialed, c.dialed)
			}
		})
	}
}

func TestInstanceIsInTheLogin(t *testing.T) {
	s := start(t)
	cfg := with(s.Config(), "instance", "sqlexpress")
	if err := try(t, cfg); err != nil {
		t.Fatal(err)
	}
	if c := last(t, s); c.Prelogin.Instance != "sqlexpress" || c.Login.ServerName != `127.0.0.1\sqlexpress` {
		t.Errorf("the prelogin names %q, the login %q", c.Prelogin.Instance, c.Login.ServerName)
	}
}

// gone returns an address where nobody listens.
func gone(t *testing.T) net.Addr {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.LocalAddr()
}
