package testsecret

import (
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-go/patchbay/registry"
)

// Watch searches all that it is shown for all secrets that it knows by then. Its zero value knows none. It may be
// used from any goroutine.
type Watch struct {
	mu      sync.Mutex
	secrets []string
	seen    int
}

// Add makes a secret known. Of a private key in PEM each line of Base64 counts: printed, they may be apart.
func (w *Watch) Add(secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	parts := []string{secret}
	if strings.HasPrefix(secret, "-----BEGIN ") {
		parts = strings.Split(secret, "\n")
	}
	for _, part := range parts {
		if part != "" && !strings.HasPrefix(part, "-----") && !slices.Contains(w.secrets, part) {
			w.secrets = append(w.secrets, part)
		}
	}
}

// Hide makes known what a config keeps secret.
func (w *Watch) Hide(cfg registry.Config) {
	w.Add(cfg.Password.Reveal())
	if cfg.TLS != nil {
		w.Add(cfg.TLS.Key.Reveal())
	}
}

// See returns where a secret is in v, as [Find] does; "" if none is.
func (w *Watch) See(v any) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen++
	if how := shown(v, w.secrets...); how != "" {
		return how
	}
	return held(v, w.secrets...)
}

// Shown is See for a value that has to hold a secret, such as a config, and must not show it.
func (w *Watch) Shown(v any) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen++
	return shown(v, w.secrets...)
}

// Seen returns how many values there were to search.
func (w *Watch) Seen() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}
