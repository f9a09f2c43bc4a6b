package conn

import (
	"context"
	"time"
)

const (
	rampEnd  = 16          // logins after an outage, from which on there is no limit to how many run at a time
	rampLife = time.Second // likewise without as many
)

// ramp is the time after an outage in which the connections that are opened at a time become more.
type ramp struct {
	up     bool // it has begun
	since  time.Time
	limit  int           // logins at a time
	flying int           // logins that run
	turn   chan struct{} // closed when one may begin, or must not; nil until somebody waits for that
}

// rise begins it.
func (r *ramp) rise(limit int) {
	r.up, r.since, r.limit = true, time.Now(), limit
	r.pass()
}

// isOver reports whether it has lasted long enough.
func (r *ramp) isOver() bool { return r.up && r.flying == 0 && time.Since(r.since) > rampLife }

// pass wakes those that wait for their turn.
func (r *ramp) pass() {
	if r.turn != nil {
		close(r.turn)
		r.turn = nil
	}
}

// begin waits until a connection to a host may be opened. It returns false if the host is down meanwhile, or ctx has
// ended. A flight that is not nil has to be ended.
func (m *memory) begin(ctx context.Context, h *host) (flight *outage, ok bool) {
	for m.used.Load() {
		var turn chan struct{}
		m.mu.Lock()
		switch o := m.find(h); {
		case o == nil:
			ok = true
		case !o.up:
		case o.flying < o.limit:
			o.flying++
			flight, ok = o, true
		default:
			if o.turn == nil {
				o.turn = make(chan struct{})
			}
			turn = o.turn
		}
		m.mu.Unlock()
		if turn == nil {
			return flight, ok
		}
		select {
		case <-turn:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return nil, false
		}
	}
	return nil, true
}

// end is for what began.
func (m *memory) end(flight *outage) {
	if flight == nil {
		return
	}
	m.mu.Lock()
	flight.flying--
	flight.pass()
	m.mu.Unlock()
}

// doubt has one connection to a host be tried before others, where it is not known whether it is there.
func (m *memory) doubt(h *host) {
	m.mu.Lock()
	if m.find(h) == nil {
		m.found(h).rise(1)
	}
	m.mu.Unlock()
}
