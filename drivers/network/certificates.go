package network

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"os"
	"sync"

	"github.com/patchbay-go/patchbay/registry"
)

// TLS makes the TLS of each physical connection of a config. The files that the config names are read when the first
// connection asks, and anew when one of them has changed, so that a new certificate needs no restart. It may be used
// concurrently.
type TLS struct {
	host  string
	tls   *registry.TLS // nil: plaintext
	build func(*registry.Config) (*tls.Config, error)

	mu     sync.Mutex
	made   *tls.Config
	states [3]os.FileInfo // of the files when made was made
}

// NewTLS checks the TLS of a config, and does no I/O. [TLSConfig] says what it means.
func NewTLS(cfg *registry.Config) (*TLS, error) { return newTLS(cfg, TLSConfig) }

// NewServerTLS is NewTLS without the certificate of the client, as [ServerTLS] is.
func NewServerTLS(cfg *registry.Config) (*TLS, error) { return newTLS(cfg, ServerTLS) }

func newTLS(cfg *registry.Config, build func(*registry.Config) (*tls.Config, error)) (*TLS, error) {
	t := &TLS{host: cfg.Host, build: build}
	if cfg.TLS != nil {
		own := *cfg.TLS
		t.tls = &own
		if own.CAFile != "" || own.CertFile != "" || own.KeyFile != "" {
			return t, nil // what is in them, the first connection tells
		}
	}
	var err error
	t.made, err = build(cfg)
	return t, err
}

// Config returns the config for the next connection, nil for plaintext. It must not be changed. While the files are
// being replaced, and are cut off or do not belong together, it is that of before. Where a file of several authorities is
// cut off between two of them, nobody can tell: rename a new file into its place.
func (t *TLS) Config() (*tls.Config, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tls == nil {
		return nil, nil
	}
	made, states, err := t.read()
	switch {
	case err == nil:
		t.made, t.states = made, states
	case t.made == nil:
		return nil, err
	}
	return t.made, nil
}

// read makes a new config if a file has changed.
func (t *TLS) read() (*tls.Config, [3]os.FileInfo, error) {
	own, key := *t.tls, t.tls.Key.Reveal()
	fields := [...]string{"ssl.caFile", "ssl.certFile", "ssl.keyFile"}
	paths := [...]*string{&own.CAFile, &own.CertFile, &own.KeyFile}
	texts := [...]*string{&own.CA, &own.Cert, &key} // which the files take the place of
	var states [3]os.FileInfo
	changed := t.made == nil
	for i, path := range paths {
		if *path == "" {
			continue
		}
		var err error
		if states[i], err = os.Stat(*path); err != nil {
			return nil, states, fmt.Errorf("read %s: %w", fields[i], err)
		}
		changed = changed || !sameState(t.states[i], states[i])
	}
	if !changed {
		return t.made, states, nil
	}
	for i, path := range paths {
		if *path == "" {
			continue
		}
		text, err := os.ReadFile(*path)
		if err != nil {
			return nil, states, fmt.Errorf("read %s: %w", fields[i], err)
		}
		if len(bytes.TrimSpace(text)) == 0 { // or it would be as if none were named: without an authority, those of the system
			return nil, states, wrong(fields[i], "is an empty file", "write the PEM text into it")
		}
		*texts[i], *path = string(text), ""
	}
	own.Key = registry.NewSecret(key)
	cfg := registry.Config{Dialect: "-", Host: t.host, TLS: &own}
	if err := cfg.Validate(); err != nil { // such as a key where a certificate belongs
		return nil, states, err
	}
	made, err := t.build(&cfg)
	return made, states, err
}

// sameState reports whether a file is as it was: also one that a link names, which then names another.
func sameState(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
