package mssql

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

func TestLoginSaysWhatTheConfigSays(t *testing.T) {
	s := start(t)
	cfg := s.Config()
	cfg.AppName = "billing"
	cfg.Role = registry.RolePreferReader
	cfg.Params = map[string]string{"packetSize": "8192", "workstationId": "desk 7"}
	if err := try(t, cfg); err != nil {
		t.Fatal(err)
	}
	c := last(t, s)
	if c.TLS != nil || c.Prelogin.Encryption != tdstest.EncryptNotSup {
		t.Errorf("no ssl was asked for, and the prelogin says encryption %d", c.Prelogin.Encryption)
	}
	got := *c.Login
	got.Features = nil
	want := tdstest.Login{
		Version: tdstest.TDS74, PacketSize: 8192, HostName: "desk 7", User: cfg.User, Password: cfg.Password.Reveal(),
		AppName: "billing", ServerName: "127.0.0.1", Library: "go-mssqldb", Database: cfg.Database, ReadOnly: true,
	}
	if !loginsEqual(got, want) {
		t.Errorf("the login was\n%+v\nwant\n%+v", got, want)
	}
}

func loginsEqual(a, b tdstest.Login) bool {
	return a.Version == b.Version && a.PacketSize == b.PacketSize && a.HostName == b.HostName && a.User == b.User &&
		a.Password == b.Password && a.AppName == b.AppName && a.ServerName == b.ServerName && a.Library == b.Library &&
		a.Database == b.Database && a.ReadOnly == b.ReadOnly && a.Integrated == b.Integrated && a.AccessToken == b.AccessToken
}

func TestLoginDefaults(t *testing.T) {
	s := start(t)
	if err := try(t, s.Config()); err != nil {
		t.Fatal(err)
	}
	login := last(t, s).Login
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if login.AppName != "mssql.test" || login.HostName != fit(host) || login.PacketSize != 4096 || login.ReadOnly {
		t.Errorf("the login was %+v", login)
	}
}

func TestTextsThatOnlyInformAreMadeToFit(t *testing.T) {
	s := start(t)
	cfg := s.Config()
	cfg.AppName = "caf\u00e9 \U0001F600 " + strings.Repeat("x", 200)
	if err := try(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got, want := last(t, s).Login.AppName, "caf\u00e9 ? "+strings.Repeat("x", 121); got != want {
		t.Errorf("the name of the program is %q, want %q", got, want)
	}
}

// odd are texts that mean something in URLs, connection strings, SQL or shells, or are at a limit.
var odd = []string{
	"plain", " ", " leading and trailing ", "semi;colon=1;", "#hash", "%zz%41%", "a+b&c=d", `"quoted"`, `'quoted'`, `""`, "{braces}", "}",
	"p:@/?#[]!$&()*,", "back`tick", "tab\tand\nline", "[redacted]", "日本語 пароль κωδικός", "\u00e9 e\u0301 \u200d\ufeff", "\ufffd",
	strings.Repeat("x", 100), strings.Repeat("ß", 128),
}

func TestOddTextsArriveIntact(t *testing.T) {
	for _, text := range odd {
		arrives(t, text, text, text)
	}
	for _, password := range []string{`DOMAIN\name`, `\`} {
		arrives(t, "sa", password, "patchbay")
	}
}

// arrives logs in, and expects the server to get what was given.
func arrives(t *testing.T, user, password, database string) {
	t.Helper()
	s, err := tdstest.New(tdstest.Options{User: user, Password: password, Databases: []string{database}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := Driver().Connector(s.Config(), registry.Env{}) // without a search for the password, which may be a blank
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.Connect(limit(t))
	if err != nil {
		t.Errorf("user %q, password %q, database %q: %v", user, password, database, err)
		return
	}
	defer session.Close()
	if got := last(t, s).Login; got.User != user || got.Password != password || got.Database != database {
		t.Errorf("%q, %q, %q arrived as %q, %q, %q", user, password, database, got.User, got.Password, got.Database)
	}
}

func FuzzLogin(f *testing.F) {
	for i, text := range odd {
		f.Add(text, odd[len(odd)-1-i], odd[(i+7)%len(odd)])
	}
	f.Fuzz(func(t *testing.T, user, password, database string) {
		cfg := registry.Config{Dialect: "mssql", User: user, Password: registry.NewSecret(password), Database: database}
		if cfg.Validate() != nil || user == "" || password == "" || database == "" || strings.Contains(user, `\`) {
			t.Skip("not for this test")
		}
		if _, err := Driver().Connector(cfg, registry.Env{}); err != nil {
			fits := func(text string) bool {
				return utf8.ValidString(text) && len([]rune(text)) <= 128 && !strings.ContainsFunc(text, isWide)
			}
			if fits(user) && fits(password) && fits(database) {
				t.Fatalf("%q, %q, %q: %v", user, password, database, err)
			}
			return
		}
		arrives(t, user, password, database)
	})
}

func TestWindowsAccountSendsNoPassword(t *testing.T) {
	s := start(t)
	cfg := s.Config()
	cfg.User, cfg.Password = `CORP\ada`, registry.NewSecret("pw of ada \U0001F600")
	expect(t, try(t, cfg), registry.KindAuth, "verify user and password")
	if login := last(t, s).Login; !login.Integrated || login.User != "" || login.Password != "" {
		t.Errorf("the login was %+v", login)
	}
}

func TestAccessToken(t *testing.T) {
	const token = "eyJ0eXAiOiJKV1QifQ.a-token-of-a-cloud.c2lnbmF0dXJl"
	s := start(t)
	s.Configure(func(o *tdstest.Options) { o.AccessToken = token })
	cfg := with(s.Config(), "authentication", "token")
	cfg.TLS = &registry.TLS{CA: authority.PEM}
	cfg.User, cfg.Password = "", registry.NewSecret(token)
	if err := try(t, cfg); err != nil {
		t.Fatal(err)
	}
	c := last(t, s)
	if !c.Prelogin.FedAuth || !c.Login.Encrypted || c.Login.AccessToken != token || c.Login.User != "" || c.Login.Password != "" {
		t.Errorf("the prelogin was %+v, the login %+v", c.Prelogin, c.Login)
	}
	cfg.Password = registry.NewSecret(token + " that has expired")
	expect(t, try(t, cfg), registry.KindAuth, "")
}

func TestCredentialsAreAskedForEveryConnection(t *testing.T) {
	const token = "a-token-that-was-fetched"
	s := start(t)
	s.Configure(func(o *tdstest.Options) { o.AccessToken = token })
	cfg := s.Config()
	user, password := cfg.User, cfg.Password
	cfg.User, cfg.Password = "", registry.Secret{}
	var asked atomic.Int32
	env := registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) {
		asked.Add(1)
		return registry.Login{User: user, Password: password}, nil
	}}
	db := pool(t, cfg, env)
	for range 3 {
		hold(t, db)
	}
	if asked.Load() != 3 || len(s.Connections()) != 3 {
		t.Errorf("asked %d times for %d connections", asked.Load(), len(s.Connections()))
	}

	cfg = with(cfg, "authentication", "token")
	cfg.TLS = &registry.TLS{CA: authority.PEM}
	env.Credentials = func(context.Context, bool) (registry.Login, error) {
		return registry.Login{User: "anybody", Password: registry.NewSecret(token)}, nil
	}
	hold(t, pool(t, cfg, env))
	if login := last(t, s).Login; login.AccessToken != token || login.User != "" {
		t.Errorf("the login was %+v", login)
	}
}

func TestCredentialsThatDoNotFit(t *testing.T) {
	s := start(t)
	broken := errors.New("the vault is locked")
	for _, c := range []struct {
		user, password string
		err            error
		says           string
	}{
		{"sa", "pw of sa", broken, broken.Error()},
		{"x\U0001F600", "pw of nobody", nil, "user contains a character beyond U+FFFF"},
		{"sa", "pw of sa \U0001F600", nil, "password contains a character beyond U+FFFF"},
	} {
		db := pool(t, s.Config(), registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) {
			return registry.Login{User: c.user, Password: registry.NewSecret(c.password)}, c.err
		}})
		err := db.PingContext(limit(t))
		see(t, err)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want it to say %q", err, c.says)
		}
	}
	if n := len(s.Connections()); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
}

func TestEnvironmentChangesNothing(t *testing.T) {
	for _, value := range []string{"nonsense", "true"} {
		t.Setenv("MSSQL_USE_EPA", value)
		c, err := build(start(t).Config(), registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if c.set.config.EpaEnabled {
			t.Error("the variable was followed")
		}
	}
}
