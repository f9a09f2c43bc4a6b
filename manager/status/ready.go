package status

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

const (
	freshFor  = time.Second      // an answer serves all who ask within it
	askAtOnce = 64               // databases
	openAgain = 30 * time.Second // after a failure that does not pass by itself: repeating it can lock a user out
)

// Ready answers as the health endpoints of Kubernetes do (https://kubernetes.io/docs/reference/using-api/health-checks/): 200
// and "ok" if every critical name can be used, else 503. With ?verbose it lists all names, and for those that fail the
// reason, which is withheld otherwise; ?exclude=name, which may be repeated, leaves a name out.
//
// A name is asked by a query through its pool, as a caller would: a server that does not answer makes it fail, and so
// does a pool that is exhausted. It also fails while it is being opened, and while its last opening failed, which is then
// tried again. One that nobody has asked for yet is not opened. All of them fail after [Status.Close], and while the
// manager closes everything. Of a config with a Role it fails where the server has another one now: for a writer that has
// become read-only. A pool for reading beside a name is not asked. The names are asked at the same time, and at
// most once a second however many requests there are.
func (s *Status) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !readsOnly(w, r) {
			return
		}
		query := r.URL.Query()
		verbose := query.Has("verbose")
		results := s.results(verbose)
		excluded := make(map[string]bool)
		for _, name := range query["exclude"] {
			excluded[name] = false
		}
		var b strings.Builder
		failed := false
		for _, c := range results {
			switch _, skip := excluded[c.name]; {
			case skip:
				excluded[c.name] = true
				fmt.Fprintf(&b, "[+]%s excluded: ok\n", c.name)
			case c.reason == "":
				fmt.Fprintf(&b, "[+]%s ok\n", c.name)
			default:
				failed = failed || c.critical
				reason := "reason withheld"
				if verbose {
					reason = c.reason
				}
				if !c.critical {
					reason += " (not critical)"
				}
				fmt.Fprintf(&b, "[-]%s failed: %s\n", c.name, reason)
			}
		}
		for _, name := range slices.Sorted(slices.Values(query["exclude"])) {
			if !excluded[name] {
				fmt.Fprintf(&b, "warn: no check is called %q, so it cannot be excluded\n", name)
				excluded[name] = true
			}
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		switch {
		case failed:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, b.String()+"readyz check failed\n")
		case verbose:
			fmt.Fprint(w, b.String()+"readyz check passed\n")
		default:
			fmt.Fprint(w, "ok")
		}
	})
}

// readsOnly answers what is no GET or HEAD, and says to all others that an answer is not to be kept.
func readsOnly(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "this can only be read: use GET", http.StatusMethodNotAllowed)
	return false
}

// check is what is known of a name.
type check struct {
	name     string
	critical bool
	reason   string // why it fails; empty if it is ready
}

// shutdown is the name of the check that fails when nothing is to be used any more.
const shutdown = "shutdown"

// readiness is the last answer.
type readiness struct {
	mu     sync.Mutex // held while an answer is being made, for which others wait
	at     time.Time
	checks []check
}

// results returns an answer that is fresh. Whether everything ends is no matter of an answer that is a second old.
func (s *Status) results(all bool) []check {
	switch {
	case s.isClosed():
		return []check{{shutdown, true, "the program is shutting down"}}
	case s.m.IsClosing():
		return []check{{shutdown, true, "all connections are being closed"}}
	}
	r := &s.some
	if all {
		r = &s.all
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at.IsZero() || time.Since(r.at) >= freshFor {
		r.checks = s.ask(all)
		r.at = time.Now()
	}
	return r.checks
}

// ask asks the databases of all names, or of the critical ones.
func (s *Status) ask(all bool) []check {
	// Not the context of a request, since the answer is for others as well.
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	newest := make(map[string]manager.Stat) // what a name stands for: rows are in the order of their age
	for _, row := range s.m.Stats() {
		switch old, ok := newest[row.Name]; {
		case row.State == manager.StateDraining, row.State == manager.StateCanceling, row.Reader:
		case ok && old.State == manager.StateOpen: // it serves while it is being replaced
		default:
			newest[row.Name] = row
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var checks []check
	turns := make(chan struct{}, askAtOnce)
	for name, row := range newest {
		critical := s.critical(name)
		if !critical && !all {
			continue
		}
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			reason := s.failing(ctx, row)
			mu.Lock()
			defer mu.Unlock()
			checks = append(checks, check{name, critical, reason})
		})
	}
	wg.Wait()
	slices.SortFunc(checks, func(a, b check) int { return cmp.Compare(a.name, b.name) })
	return checks
}

// failing says why a name cannot be used; empty if it can.
func (s *Status) failing(ctx context.Context, row manager.Stat) string {
	switch row.State {
	case manager.StateOpening:
		return "it is being opened" + after(row.Failure)
	case manager.StateClosed:
		f := row.Failure
		if f == nil {
			return "" // nobody has asked for it
		}
		if !f.Kind.Retryable() && time.Since(f.At) < openAgain {
			return explain(f.Kind, f.Hint, f.Err)
		}
		l, err := s.m.AcquireNamed(ctx, row.Name)
		if err != nil {
			d := conn.Diagnose(err)
			if d.Kind == conn.KindCanceled {
				return "it could not be opened in time" + after(f)
			}
			return explain(d.Kind, d.Hint, err)
		}
		l.Release()
		return ""
	}
	if f := row.Failure; f != nil && !row.Lost.IsZero() && row.DB.Idle == 0 && !f.Kind.Retryable() && time.Since(f.At) < openAgain {
		return explain(f.Kind, f.Hint, f.Err) // asking would log in once more
	}
	l := s.m.Peek(row.Name)
	if l == nil {
		return "" // it was closed just now
	}
	defer l.Release()
	return failingPool(ctx, l.Conn())
}

// failingPool asks a database through its pool.
func failingPool(ctx context.Context, c *conn.Conn) string {
	err := c.Check(ctx)
	if err == nil {
		return ""
	}
	if stats := c.Stats(); ctx.Err() != nil && stats.MaxOpenConnections > 0 && stats.InUse >= stats.MaxOpenConnections {
		return fmt.Sprintf("the pool is exhausted: all %d connections are in use", stats.MaxOpenConnections)
	}
	d := c.Diagnose(err)
	if d.Kind == conn.KindCanceled { // by the timeout
		return "no answer in time" + after(c.Status().Failure)
	}
	return explain(d.Kind, d.Hint, err)
}

func after(f *conn.Failure) string {
	if f == nil {
		return ""
	}
	return "; the last failure was " + explain(f.Kind, f.Hint, f.Err)
}

// explain prints a failure in one line.
func explain(kind conn.Kind, hint string, err error) string {
	text := fmt.Sprintf("%s: %s", kind, oneLine(err.Error()))
	if hint != "" && !strings.Contains(text, hint) {
		text += "; " + hint
	}
	return text
}

// oneLine makes one line of a text that may have several.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
