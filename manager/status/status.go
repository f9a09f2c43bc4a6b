// Package status shows over HTTP how the connections of a manager are: to Kubernetes and load balancers by
// [Status.Ready], to people by [Status.Page]. Programs mount them where they like, behind their own middleware. It reads
// only, changes nothing, and shows no secret; but names of hosts, users and databases it does show, so the page belongs
// where only operators get to.
//
//	s := status.New(m)
//	defer s.Close()
//	mux.Handle("GET /readyz", s.Ready())
//	mux.Handle("GET /debug/databases", s.Page())
package status

import (
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Status watches a manager. Its handlers may be used concurrently.
type Status struct {
	m        *manager.Manager
	registry *registry.Registry
	critical func(name string) bool
	timeout  time.Duration
	title    string

	events eventLog
	cancel func() // of the subscription
	closed chan struct{}
	close  sync.Once

	all, some readiness // with and without the names that are not critical
	shot      snapshots
	streams   chan struct{} // holds one value for each page that is open
}

// Option changes how a [Status] works.
type Option func(*Status)

// WithCritical makes a failure count for those names only for which critical returns true; the others are asked, and
// shown, where the request says verbose. Where a program has a database for each tenant it keeps one of them from taking
// the program out of service. By default all names are critical.
func WithCritical(critical func(name string) bool) Option {
	return func(s *Status) { s.critical = critical }
}

// WithTimeout bounds how long [Status.Ready] waits for the answers of the databases. Default 800 ms, also for values <= 0:
// it must be over before those who ask give up, as Kubernetes does after 1 s.
func WithTimeout(d time.Duration) Option { return func(s *Status) { s.timeout = d } }

// WithRegistry names the registry of which [Status.Page] lists the drivers, in place of [registry.Default].
func WithRegistry(r *registry.Registry) Option { return func(s *Status) { s.registry = r } }

// WithTitle names the program on the page. By default it has the name of its file.
func WithTitle(title string) Option { return func(s *Status) { s.title = title } }

const (
	defaultTimeout = 800 * time.Millisecond
	mostStreams    = 64
)

// New returns the Status of a manager, whose events it keeps from now on, the last hundred.
func New(m *manager.Manager, opts ...Option) *Status {
	s := &Status{
		m: m, registry: registry.Default(), critical: func(string) bool { return true }, title: program(),
		closed: make(chan struct{}), streams: make(chan struct{}, mostStreams),
	}
	for _, opt := range opts {
		opt(s)
	}
	if s.timeout <= 0 {
		s.timeout = defaultTimeout
	}
	s.cancel = observer.On(m.Observer(), s.events.add)
	return s
}

// Close ends the pages that are open, and makes [Status.Ready] fail from now on: it is the first thing to do for a program
// that is to shut down, so that it gets no further work, and must be done before [net/http.Server.Shutdown], which waits
// for open pages. It may be called more than once.
func (s *Status) Close() {
	s.close.Do(func() {
		s.cancel()
		close(s.closed)
	})
}

func (s *Status) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}
