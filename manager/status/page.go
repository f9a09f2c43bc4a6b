package status

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"
)

// The page is filled in by its script, from the JSON alone: html/template would keep the linker from leaving out what a
// program does not call.
//
//go:embed page.html
var page []byte

// pageVersion changes with the page.
var pageVersion = func() string {
	sum := sha256.Sum256(page)
	return hex.EncodeToString(sum[:8])
}()

// noncePlace is where the page has the number that its script and style are allowed by.
var noncePlace = []byte("{{nonce}}")

// streamEvery is how often a page gets the state.
const streamEvery = time.Second

// Page shows all pools, the last events and the drivers on a page that updates itself. It can be mounted at any path and
// behind any middleware: it consists of one file, and asks for all else by a query on its own URL. ?data=json is a
// [Snapshot], and ?data=events the same every second as server-sent events, for which the page asks again and again if a
// middleware does not let a stream through.
func (s *Status) Page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !readsOnly(w, r) {
			return
		}
		switch data := r.URL.Query().Get("data"); data {
		case "":
			servePage(w)
		case "json":
			text, err := s.snapshot()
			if err != nil {
				http.Error(w, "the state cannot be encoded: "+err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(text) // an error is that of who asked
		case "events":
			s.stream(w, r)
		default:
			http.Error(w, "data is json or events", http.StatusBadRequest)
		}
	})
}

func servePage(w http.ResponseWriter) {
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "+
		"frame-ancestors 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'")
	_, _ = w.Write(bytes.ReplaceAll(page, noncePlace, []byte(nonce)))
}

// stream sends the state once a second, until the other side has gone or the Status is closed.
func (s *Status) stream(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		http.Error(w, "too many pages are open: close some", http.StatusServiceUnavailable)
		return
	}
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // that of the server is for answers that end; where it stays, the page asks again
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
	if r.Method == http.MethodHead {
		return
	}
	ticks := time.NewTicker(streamEvery)
	defer ticks.Stop()
	for !s.isClosed() {
		text, err := s.snapshot()
		if err != nil {
			return
		}
		if _, err := w.Write(append(append([]byte("data: "), text...), "\n\n"...)); err != nil {
			return
		}
		if err := out.Flush(); err != nil { // a middleware keeps it back
			return
		}
		select {
		case <-r.Context().Done():
		case <-s.closed:
		case <-ticks.C:
			continue
		}
		return
	}
}
