package mssql

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/registry"
)

func TestFailoverPartner(t *testing.T) {
	refuse := func(numbers ...int32) func(*tdstest.Server) {
		return func(s *tdstest.Server) {
			var answer tdstest.LoginAnswer
			for _, n := range numbers {
				answer.Messages = append(answer.Messages, tdstest.Message{Number: n, Text: "for the test"})
			}
			s.Configure(func(o *tdstest.Options) { o.Login = func(tdstest.Login) tdstest.LoginAnswer { return answer } })
		}
	}
	misbehave := func(f tdstest.Fault) func(*tdstest.Server) {
		return func(s *tdstest.Server) { s.Misbehave(f) }
	}
	for name, c := range map[string]struct {
		first func(*tdstest.Server)
		kind  registry.Kind // unknown: the partner is used
	}{
		"is gone":                   {(*tdstest.Server).Close, registry.KindUnknown},
		"is silent at first":        {misbehave(tdstest.Fault{At: tdstest.OnAccept, Do: tdstest.Silence}), registry.KindUnknown},
		"is silent after the login": {misbehave(tdstest.Fault{At: tdstest.OnLogin, Do: tdstest.Silence}), registry.KindUnknown},
		"hangs up":                  {misbehave(tdstest.Fault{At: tdstest.OnPrelogin, Do: tdstest.Hangup}), registry.KindUnknown},
		"is the mirror":             {refuse(954, 4060, 18456), registry.KindUnknown},
		"has not the database":      {refuse(4060, 18456), registry.KindNoDatabase},
		"refuses the password":      {refuse(18456), registry.KindAuth},
		"has locked the account":    {refuse(18486), registry.KindAuth},
		"is full":                   {refuse(17809), registry.KindUnknown},
		"is well":                   {func(*tdstest.Server) {}, registry.KindUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, partner := start(t), start(t)
			c.first(first)
			cfg := with(first.Config(), "failoverPartner", partner.Addr())
			cfg.ConnectTimeout = 3 * time.Second
			if c.kind == registry.KindUnknown {
				begin := time.Now()
				db, err := open(limit(t), t, once(cfg))
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took > cfg.ConnectTimeout+soon {
					t.Errorf("it took %v", took)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			} else if e := opening(t, once(cfg)); e.Kind != c.kind {
				t.Errorf("got the kind %q, want %q: %v", e.Kind, c.kind, e)
			}
			want := 0
			if c.kind == registry.KindUnknown && name != "is well" {
				want = 1
			}
			if n := len(partner.Connections()); n != want {
				t.Errorf("the partner got %d connections, want %d", n, want)
			}
			first.AwaitClosed(t)
			partner.AwaitClosed(t)
		})
	}
}

func TestBothPartnersFail(t *testing.T) {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t)
	cfg := s.Config()
	cfg.Port = port
	cfg.Password = registry.NewSecret("pw of somebody else")
	e := opening(t, once(with(cfg, "failoverPartner", s.Addr())))
	if text := e.Error(); e.Kind != registry.KindAuth || !strings.Contains(text, "refused") || !strings.Contains(text, "Login failed") {
		t.Errorf("%q does not say what each server did", text)
	}

	silent := start(t)
	silent.Misbehave(tdstest.Fault{At: tdstest.OnLogin, Do: tdstest.Silence})
	cfg.Port, cfg.ConnectTimeout = silent.Port(), 2*time.Second
	e = opening(t, with(cfg, "failoverPartner", s.Addr()))
	if e.Kind != registry.KindAuth || e.Attempts != 1 || !strings.Contains(e.Error(), "its share of the connect timeout") {
		t.Errorf("got the kind %q after %d attempts: %v", e.Kind, e.Attempts, e)
	}
}

// TestPartnerHasItsOwnName verifies the certificate of the partner, not that of the first server twice.
func TestPartnerHasItsOwnName(t *testing.T) {
	ca := testcert.NewCA("elsewhere")
	first := tdstest.Start(t, tdstest.Options{TLS: certificate(ca.WrongHost())})
	partner := tdstest.Start(t, tdstest.Options{TLS: certificate(ca.Server())})
	cfg := once(with(first.Config(), "failoverPartner", partner.Addr()))
	cfg.TLS = &registry.TLS{CA: ca.PEM}
	db, err := open(limit(t), t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if last(t, first).Login != nil || last(t, partner).Login == nil {
		t.Error("the login did not go to the one server that is trusted")
	}
	cfg.TLS.ServerName = "nowhere.invalid" // of both
	if e := opening(t, cfg); e.Kind != registry.KindTLS || strings.Count(e.Error(), "another name") == 0 {
		t.Errorf("got the kind %q: %v", e.Kind, e)
	}
}

// TestRoles checks Updateability, which a server tells when it is asked.
func TestRoles(t *testing.T) {
	for role, fits := range map[registry.Role][2]bool{ // a database that takes writes, and one that does not
		registry.RoleAny: {true, true}, registry.RoleWriter: {true, false}, registry.RoleReader: {false, true}, registry.RolePreferReader: {true, true},
	} {
		for i, readOnly := range []bool{false, true} {
			s := start(t)
			s.Configure(func(o *tdstest.Options) { o.ReadOnly = readOnly })
			cfg := once(s.Config())
			cfg.Role = role
			if fits[i] {
				db, err := open(limit(t), t, cfg)
				if err != nil {
					t.Errorf("%v, read-only %v: %v", role, readOnly, err)
				} else if err := db.Close(); err != nil {
					t.Error(err)
				}
			} else if e := opening(t, cfg); e.Kind != registry.KindRole {
				t.Errorf("%v, read-only %v: got the kind %q: %v", role, readOnly, e.Kind, e)
			}
			if intent := last(t, s).Login.ReadOnly; intent != (role == registry.RoleReader || role == registry.RolePreferReader) {
				t.Errorf("%v: the login says ReadOnly: %v", role, intent)
			}
		}
	}
}

// TestWriterAmongPartners finds the one that takes writes, and a reader the other.
func TestWriterAmongPartners(t *testing.T) {
	secondary, primary := start(t), start(t)
	secondary.Configure(func(o *tdstest.Options) { o.ReadOnly = true })
	cfg := secondary.Config()
	cfg.Host, cfg.Port, cfg.Hosts = "", 0, []string{secondary.Addr(), primary.Addr()}
	for role, want := range map[registry.Role]*tdstest.Server{
		registry.RoleWriter: primary, registry.RoleReader: secondary, registry.RolePreferReader: secondary,
	} {
		cfg.Role = role
		db, err := open(limit(t), t, once(cfg))
		if err != nil {
			t.Fatal(err)
		}
		var one int
		if err := db.QueryRowContext(limit(t), "select 1").Scan(&one); err != nil {
			t.Error(err)
		}
		if n := want.OpenConnections(); n != 1 {
			t.Errorf("%v: %d connections to the server in that role", role, n)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		primary.AwaitClosed(t)
		secondary.AwaitClosed(t)
	}
}
