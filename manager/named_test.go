package manager_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

type configs = map[string]conn.Config

func TestNamedOpensWhatTheMapSays(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a"), "reports": fakeConfig("b")}))
	c, err := m.Named(t.Context(), "reports")
	if err != nil || c.Config().Database != "b" {
		t.Fatalf("got %v, %v", c, err)
	}
	again, err := m.Named(t.Context(), "reports")
	if err != nil || again != c {
		t.Errorf("got %v, %v", again, err)
	}
	lease, err := m.AcquireNamed(t.Context(), "reports")
	if err != nil || lease.Conn() != c {
		t.Fatalf("got %v, %v", lease, err)
	}
	lease.Release()
	lease, err = m.AcquireNamed(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	lease.Release()

	_, err = m.Named(t.Context(), "report")
	var unknown *manager.UnknownNameError
	if !errors.As(err, &unknown) || unknown.Name != "report" || unknown.Nearest != "reports" || !strings.Contains(err.Error(), `did you mean "reports"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := m.AcquireNamed(t.Context(), "else"); !errors.As(err, &unknown) || unknown.Nearest != "" {
		t.Errorf("got %v", err)
	}
}

func TestGetAndTheMapAgreeOrFail(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a")}))
	var mismatch *manager.MismatchError
	if _, err := m.Get(t.Context(), "a", replaced()); !errors.As(err, &mismatch) || mismatch.State != manager.StateClosed || !strings.Contains(err.Error(), "Reload") {
		t.Errorf("got %v", err)
	}
	c := get(t, m, "a")
	if named, err := m.Named(t.Context(), "a"); err != nil || named != c {
		t.Errorf("got %v, %v", named, err)
	}
	other := get(t, m, "other")
	if named, err := m.Named(t.Context(), "other"); err != nil || named != other {
		t.Errorf("what Get opened is not there for Named: %v, %v", named, err)
	}
}

func TestReplaceChangesTheMap(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a")}))
	if _, err := m.Named(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := m.Replace(t.Context(), "a", replaced()); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	c, err := m.Named(t.Context(), "a")
	if err != nil || c.Config().Password.Reveal() != "new" {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestTheMapIsCopied(t *testing.T) {
	f := newFake()
	given := configs{"a": {Dialect: "fake", TLS: &conn.TLS{ServerName: "before"}}}
	m, _ := f.manager(t, manager.WithConfigs(given))
	given["a"].TLS.ServerName = "after"
	delete(given, "a")
	if c, err := m.Named(t.Context(), "a"); err != nil || c.Config().TLS.ServerName != "before" {
		t.Errorf("got %v, %v", c, err)
	}
}
