package conn_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/observer"
)

// TestWhatADriverWarnsOfIsAnEvent is C1: a statement that could not be stopped on the server. The account has no
// connection left for that.
func TestWhatADriverWarnsOfIsAnEvent(t *testing.T) {
	s := testserver.MariaDB(t)
	admin, _ := opens(t, s.Config())
	for _, statement := range []string{
		"DROP USER IF EXISTS lonely", "CREATE USER lonely IDENTIFIED BY '" + password + "' WITH MAX_USER_CONNECTIONS 1", "GRANT ALL ON *.* TO lonely",
	} {
		if _, err := admin.ExecContext(limit(t), statement); err != nil {
			t.Fatal(err)
		}
	}
	cfg := s.Config()
	cfg.User, cfg.Password = "lonely", conn.NewSecret(password)
	bus := observer.New()
	warned := make(chan observer.Error, 10)
	observer.On(bus, func(e observer.Error) { warned <- e })
	c, err := conn.Open(limit(t), cfg, conn.WithName("orders"), conn.WithObserver(bus))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(limit(t))
	done := make(chan error, 1)
	go func() {
		_, err := c.ExecContext(ctx, "DO SLEEP(9)")
		done <- err
	}()
	for running := 0; running == 0; {
		if err := admin.QueryRowContext(limit(t), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'DO SLEEP(9)'").Scan(&running); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	select {
	case e := <-warned:
		failed, ok := errors.AsType[*conn.Error](e.Err)
		if !ok || e.Source != "driver" || failed.Name != "orders" || failed.Kind != conn.KindTooMany || !strings.Contains(e.Err.Error(), "may go on") {
			t.Errorf("got %+v", e)
		}
	case <-limit(t).Done():
		t.Error("no event")
	}
}
