package manager

import "testing"

// Between the look at who is idle and the eviction somebody may take a lease.
func TestALeaseAtTheLastMomentPreventsTheEviction(t *testing.T) {
	p := newPool("a", nil, nil)
	if !p.lease() {
		t.Fatal("no lease")
	}
	if p.retireUnleased() {
		t.Error("retired with a lease")
	}
	p.state.Add(-lease)
	if !p.retireUnleased() {
		t.Error("not retired without one")
	}
	if p.lease() {
		t.Error("leased after it was retired")
	}
}

// A caller who gets the connection at the moment it is retired either is refused or has a grace.
func TestAHandleAtTheLastMomentHasAGraceOrIsRefused(t *testing.T) {
	for range 10_000 {
		p := newPool("a", nil, nil)
		got := make(chan bool)
		go func() { got <- p.share() }()
		p.retire()
		wasShared := p.isShared() // as draining sees it, when it has no lease
		if <-got && !wasShared {
			t.Fatal("handed out, and closed at once")
		}
	}
}
