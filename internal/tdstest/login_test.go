package tdstest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// numbers are those of the errors of SQL Server in err, in their order.
func numbers(err error) []int32 {
	e, _ := errors.AsType[mssql.Error](err)
	var list []int32
	for _, one := range e.All {
		list = append(list, one.Number)
	}
	return list
}

// refused opens a connection that the server refuses.
func refused(t testing.TB, c msdsn.Config) error {
	t.Helper()
	err := open(t, c).PingContext(ctx(t))
	if err == nil {
		t.Fatal("the login was accepted")
	}
	return err
}

func TestALoginIsRecordedAsItWasSent(t *testing.T) {
	s := start(t, tdstest.Options{User: "Grâce", Password: `pa$$ "wörd" {;}` + strings.Repeat("x", 100), Databases: []string{"Données"}})
	c := config(t, s)
	c.AppName, c.Workstation, c.ReadOnlyIntent, c.PacketSize = "an app", "a desk", true, 8192
	c.Database = "DONNÉES" // the names of databases have no case
	must(t, open(t, c).PingContext(ctx(t)))
	l := s.Connections()[0].Login
	want := tdstest.Login{
		Version: tdstest.TDS74, PacketSize: 8192, HostName: "a desk", User: "Grâce", Password: c.Password, AppName: "an app",
		ServerName: "127.0.0.1", Library: "go-mssqldb", Database: "DONNÉES", ReadOnly: true,
	}
	if l.Features != nil {
		t.Errorf("features %v, which nobody asked for", l.Features)
	}
	if got := *l; got.User != want.User || got.Password != want.Password || got.AppName != want.AppName || got.HostName != want.HostName ||
		got.ServerName != want.ServerName || got.Library != want.Library || got.Database != want.Database || got.Version != want.Version ||
		got.PacketSize != want.PacketSize || !got.ReadOnly || got.Encrypted || got.Integrated || got.NewPassword != "" || got.AccessToken != "" {
		t.Errorf("%+v was recorded, and not %+v", got, want)
	}
	if p := s.Connections()[0].Prelogin; p.Encryption != tdstest.EncryptNotSup || p.MARS || p.FedAuth || len(p.TraceID) != 36 || p.Instance != "" {
		t.Errorf("the prelogin message was %+v", p)
	}
}

func TestALoginIsRefusedForAReason(t *testing.T) {
	s := start(t, tdstest.Options{})
	for name, c := range map[string]struct {
		change func(*msdsn.Config)
		want   []int32
	}{
		"a wrong password":   {func(c *msdsn.Config) { c.Password += "x" }, []int32{18456}},
		"an unknown user":    {func(c *msdsn.Config) { c.User = "nobody" }, []int32{18456}},
		"a missing database": {func(c *msdsn.Config) { c.Database = "nope" }, []int32{4060, 18456}},
	} {
		cfg := config(t, s)
		c.change(&cfg)
		err := refused(t, cfg)
		if got := numbers(err); len(got) != len(c.want) || got[0] != c.want[0] || got[len(got)-1] != c.want[len(got)-1] {
			t.Errorf("%s gives %v: %v", name, got, err)
		}
		if e, _ := errors.AsType[mssql.Error](err); !strings.HasPrefix(e.Message, "login error: Login failed for user '") || e.Class != 14 || e.ServerName != tdstest.ServerName {
			t.Errorf("%s gives %+v", name, e)
		}
	}
	s.AwaitClosed(t)
	for _, c := range s.Connections() {
		if c.LoggedIn || c.End == nil {
			t.Errorf("the record of a refused login is %+v", c)
		}
	}
}

func TestAPasswordIsChangedOnALiveServer(t *testing.T) {
	s := start(t, tdstest.Options{Password: "old password"})
	db := open(t, config(t, s))
	must(t, db.PingContext(ctx(t)))
	s.Configure(func(o *tdstest.Options) { o.Password = "new password" })
	must(t, db.PingContext(ctx(t))) // the connection that is open stays
	must(t, open(t, config(t, s)).PingContext(ctx(t)))
	old := config(t, s)
	old.Password = "old password"
	refused(t, old)
}

func TestNoMoreConnectionsThanThereMayBe(t *testing.T) {
	s := start(t, tdstest.Options{MaxConnections: 1})
	first := session(t, config(t, s))
	if got := numbers(refused(t, config(t, s))); len(got) != 1 || got[0] != 17809 {
		t.Errorf("the second connection gives %v", got)
	}
	s.Await(t, "the second connection to be closed", func(list []tdstest.Connection) bool { return !list[1].Open })
	if n := s.OpenConnections(); n != 1 {
		t.Errorf("%d connections are open", n)
	}
	must(t, first.PingContext(ctx(t)))
}

func TestALoginIsDecidedByAFunction(t *testing.T) {
	s := start(t, tdstest.Options{Login: func(l tdstest.Login) tdstest.LoginAnswer {
		if l.User == "sa" {
			return tdstest.LoginAnswer{}
		}
		return tdstest.LoginAnswer{Messages: []tdstest.Message{{Number: 18401, State: 3, Class: 14, Text: "Server is in script upgrade mode."}}}
	}})
	must(t, open(t, config(t, s)).PingContext(ctx(t)))
	c := config(t, s)
	c.User = "me"
	e, _ := errors.AsType[mssql.Error](refused(t, c))
	if e.Number != 18401 || e.State != 3 {
		t.Errorf("the refusal is %+v", e)
	}
}

func TestALoginIsSentToAnotherServer(t *testing.T) {
	replica := start(t, tdstest.Options{})
	primary := start(t, tdstest.Options{Login: func(l tdstest.Login) tdstest.LoginAnswer {
		if !l.ReadOnly {
			return tdstest.LoginAnswer{}
		}
		return tdstest.LoginAnswer{Route: &tdstest.Route{Host: "127.0.0.1", Port: replica.Port()}}
	}})
	c := config(t, primary)
	must(t, open(t, c).PingContext(ctx(t)))
	c.ReadOnlyIntent = true
	must(t, open(t, c).PingContext(ctx(t)))
	if there := replica.Connections(); len(there) != 1 || !there[0].LoggedIn || len(there[0].Requests) != 1 {
		t.Errorf("the replica saw %+v", there)
	}
	if here := primary.Connections(); len(here) != 2 || here[1].LoggedIn || len(here[1].Requests) != 0 {
		t.Errorf("the primary saw %+v", here)
	}
}

func TestAnAccessTokenLogsIn(t *testing.T) {
	s := start(t, tdstest.Options{AccessToken: "eyJ.token"})
	for token, good := range map[string]bool{"eyJ.token": true, "another": false} {
		c := config(t, s)
		c.User, c.Password = "", ""
		db, err := mssql.NewSecurityTokenConnector(c, func(context.Context) (string, error) { return token, nil })
		must(t, err)
		err = pool(t, db).PingContext(ctx(t))
		if good != (err == nil) {
			t.Errorf("with the token %q: %v", token, err)
		}
	}
	for _, c := range s.Connections() {
		if !c.Prelogin.FedAuth || c.Login.AccessToken == "" || c.Login.User != "" {
			t.Errorf("%+v has been recorded", c.Login)
		}
	}
}

func TestAPasswordToChangeToIsSent(t *testing.T) {
	s := start(t, tdstest.Options{})
	c := config(t, s)
	c.ChangePassword = "the next öne"
	must(t, open(t, c).PingContext(ctx(t)))
	if got := s.Connections()[0].Login.NewPassword; got != c.ChangePassword {
		t.Errorf("the new password is %q", got)
	}
}
