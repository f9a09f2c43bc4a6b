package manager_test

import (
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/manager"
)

func TestNothingShowsAPassword(t *testing.T) {
	const secret = "correct-horse-battery"
	f := newFake()
	cfg := fakeConfig("a")
	cfg.Password = conn.NewSecret(secret)
	m, events := f.manager(t, manager.WithConfigs(configs{"a": cfg}))
	lease, err := m.AcquireNamed(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_, mismatch := m.Get(t.Context(), "a", fakeConfig("a"))
	shown := []any{m, lease, m.Stats(), mismatch, events.values}
	lease.Release()
	for _, v := range shown {
		if how := testsecret.Shown(v, secret); how != "" {
			t.Errorf("the password is in %s of %T", how, v)
		}
	}
	if testsecret.Shown(struct{ planted string }{secret}, secret) == "" {
		t.Error("the search finds nothing")
	}
}
