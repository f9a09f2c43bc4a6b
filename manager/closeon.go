package manager

import (
	"context"
	"os"
	"os/signal"
)

// CloseOn waits until ctx ends or the program gets one of the signals, then calls [Manager.CloseAll] and
// returns its error. Without signals it waits for ctx alone. A second signal ends the program, as it does
// without CloseOn.
//
//	go func() {
//		err := m.CloseOn(context.Background(), os.Interrupt, syscall.SIGTERM)
//		...
//		os.Exit(1)
//	}()
func (m *Manager) CloseOn(ctx context.Context, signals ...os.Signal) error {
	wait, stop := ctx, func() {}
	if len(signals) > 0 { // without any, signal.NotifyContext would take all
		wait, stop = signal.NotifyContext(ctx, signals...)
	}
	<-wait.Done()
	stop()
	return m.CloseAll(context.WithoutCancel(ctx))
}
