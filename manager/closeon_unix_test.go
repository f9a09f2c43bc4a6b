//go:build unix

package manager_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

func TestCloseOnASignal(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t)
	lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
	if err != nil {
		t.Fatal(err)
	}
	// One handler stays, so that a signal that comes when CloseOn does not listen does not end this process.
	came := make(chan os.Signal, 1)
	signal.Notify(came, os.Interrupt)
	defer signal.Stop(came)

	done := make(chan error)
	go func() { done <- m.CloseOn(t.Context(), os.Interrupt, syscall.SIGTERM) }()
	for m.Has("a") {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		<-came
	}
	lease.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
