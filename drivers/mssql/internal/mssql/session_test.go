package mssql

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

func TestRawIsTheDriversOwn(t *testing.T) {
	s := start(t)
	db, err := open(limit(t), t, s.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := hold(t, db.DB).Raw(func(c any) error {
		if _, ok := c.(*mssql.Conn); !ok {
			t.Errorf("got a %T", c)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestCancelSendsAttention(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			s := start(t)
			db := pool(t, m.config(s), registry.Env{})
			db.SetMaxOpenConns(1)
			ctx, cancel := context.WithCancel(limit(t))
			go func() {
				s.Await(t, "the statement to run", func(all []tdstest.Connection) bool { return len(all) > 0 && len(all[0].Requests) > 0 })
				cancel()
			}()
			_, err := db.ExecContext(ctx, "WAITFOR DELAY '00:01:00'")
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if _, err := db.ExecContext(limit(t), "SELECT 1"); err != nil {
				t.Errorf("the connection is not good any more: %v", err)
			}
			if all := s.Connections(); len(all) != 1 || all[0].Attentions != 1 {
				t.Errorf("%d connections, the first got %d attentions; want one of each", len(all), all[0].Attentions)
			}
		})
	}
}

func TestIsolationLevels(t *testing.T) {
	s := start(t)
	db := pool(t, s.Config(), registry.Env{})
	db.SetMaxOpenConns(1)
	for level, want := range map[sql.IsolationLevel]tdstest.Isolation{
		sql.LevelDefault:         tdstest.UseCurrent,
		sql.LevelReadUncommitted: tdstest.ReadUncommitted,
		sql.LevelReadCommitted:   tdstest.ReadCommitted,
		sql.LevelRepeatableRead:  tdstest.RepeatableRead,
		sql.LevelSnapshot:        tdstest.Snapshot,
		sql.LevelSerializable:    tdstest.Serializable,
	} {
		tx, err := db.BeginTx(limit(t), &sql.TxOptions{Isolation: level})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
		requests := last(t, s).Requests
		begin, commit := requests[len(requests)-2], requests[len(requests)-1]
		if begin.Kind != tdstest.Begin || begin.Isolation != want || commit.Kind != tdstest.Commit || commit.Transaction == 0 {
			t.Errorf("%v: the server got %+v and %+v, want %v", level, begin, commit, want)
		}
	}
	for _, options := range []sql.TxOptions{{Isolation: sql.LevelLinearizable}, {Isolation: sql.LevelWriteCommitted}, {ReadOnly: true}} {
		if tx, err := db.BeginTx(limit(t), &options); err == nil {
			t.Errorf("a transaction of %+v has begun", options)
			_ = tx.Rollback() // there should be none
		}
	}
}

func TestTypesOfParameters(t *testing.T) {
	s := start(t)
	s.Handle("takes anything", tdstest.Affected(0).Always())
	db := pool(t, s.Config(), registry.Env{})
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456700, time.FixedZone("", 5*3600+45*60))
	long := strings.Repeat("é", 4001)
	for _, c := range []struct {
		arg   any
		t     string
		value any
	}{
		{int64(1) << 60, "bigint", int64(1) << 60},
		{int32(-7), "int", int64(-7)},
		{true, "bit", true},
		{1.5, "float", 1.5},
		{"日本語 '; --", "nvarchar(9)", "日本語 '; --"},
		{long, "nvarchar(max)", long},
		{mssql.VarChar("plain"), "varchar(5)", "plain"},
		{[]byte{0, 255}, "varbinary(2)", []byte{0, 255}},
		{at, "datetimeoffset(7)", at},
		{at.UTC(), "datetimeoffset(7)", at.UTC()},
		{nil, "null", nil},
	} {
		if _, err := db.ExecContext(limit(t), "takes anything", c.arg); err != nil {
			t.Errorf("%T: %v", c.arg, err)
			continue
		}
		requests := last(t, s).Requests
		p := requests[len(requests)-1].Params[0]
		if p.Name != "@p1" || p.Type.String() != c.t || !equal(p.Value, c.value) {
			t.Errorf("%T %.20v arrived as %s %v %.20v, want %v", c.arg, c.arg, p.Name, p.Type, p.Value, c.t)
		}
	}
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		return slices.Equal(a, b.([]byte))
	case time.Time:
		_, offset := a.Zone()
		_, other := b.(time.Time).Zone()
		return a.Equal(b.(time.Time)) && offset == other
	}
	return a == b
}

func TestTimesWithoutAZone(t *testing.T) {
	s := start(t)
	columns := []tdstest.Column{
		{Name: "a", Type: tdstest.DateTime2(7)}, {Name: "b", Type: tdstest.DateTime}, {Name: "c", Type: tdstest.DateTimeOffset(7)},
	}
	noon := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	east := time.Date(2024, 7, 1, 12, 0, 0, 0, time.FixedZone("", 5*3600+45*60))
	s.Handle("times", tdstest.Rows(columns, []any{noon, noon, east}).Always())
	zurich, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	for name, zone := range map[string]*time.Location{"UTC": time.UTC, "Europe/Zurich": zurich} {
		cfg := s.Config()
		if name != "UTC" {
			cfg = with(cfg, "timezone", name)
		}
		var a, b, c time.Time
		if err := pool(t, cfg, registry.Env{}).QueryRowContext(limit(t), "times").Scan(&a, &b, &c); err != nil {
			t.Fatal(err)
		}
		want := time.Date(2024, 7, 1, 12, 0, 0, 0, zone)
		if !a.Equal(want) || !b.Equal(want) || a.Location().String() != name || b.Location().String() != name {
			t.Errorf("%s: got %v and %v, want %v", name, a, b, want)
		}
		if _, offset := c.Zone(); !c.Equal(time.Date(2024, 7, 1, 6, 15, 0, 0, time.UTC)) || offset != 5*3600+45*60 {
			t.Errorf("%s: got %v, want what has a zone as it is", name, c)
		}
	}
}

func TestGuidConversion(t *testing.T) {
	const text = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
	s := start(t)
	s.Handle("guid", tdstest.Rows([]tdstest.Column{{Name: "g", Type: tdstest.UniqueIdentifier}}, []any{text}).Always())
	for value, want := range map[string]string{"true": "\x6f\x96\x19\xff\x8b\x86\xd0\x11", "false": "\xff\x19\x96\x6f\x86\x8b\x11\xd0"} {
		var b []byte
		if err := pool(t, with(s.Config(), "guidConversion", value), registry.Env{}).QueryRowContext(limit(t), "guid").Scan(&b); err != nil {
			t.Fatal(err)
		}
		if got := string(b[:8]); got != want {
			t.Errorf("guidConversion=%s: got %x, want %x", value, got, want)
		}
	}
}

func TestOptionsOfTheSession(t *testing.T) {
	const statements = "SET LANGUAGE N'Deutsch'; SET LOCK_TIMEOUT 5000; SET XACT_ABORT ON"
	s := start(t)
	cfg := s.Config()
	cfg.Session = map[string]string{"xact_abort": "true", "LANGUAGE": "Deutsch", "Lock_Timeout": "5000"}
	db := pool(t, cfg, registry.Env{})
	db.SetMaxOpenConns(1)
	for range 2 {
		if _, err := db.ExecContext(limit(t), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	want := []tdstest.Request{
		{Kind: tdstest.Batch, SQL: statements, Reset: true},
		{Kind: tdstest.Batch, SQL: "SELECT 1"},
		{Kind: tdstest.Batch, SQL: statements, Reset: true},
		{Kind: tdstest.Batch, SQL: "SELECT 1"},
	}
	got := last(t, s).Requests
	if !slices.EqualFunc(got, want, func(a, b tdstest.Request) bool { return a.Kind == b.Kind && a.SQL == b.SQL && a.Reset == b.Reset }) {
		t.Errorf("the server got %+v, want %+v", got, want)
	}
}

func TestOptionsThatTheServerRefuses(t *testing.T) {
	s := start(t)
	s.Handle("SET LANGUAGE N'Klingon'", tdstest.Fail(tdstest.Message{Number: 2740, Text: "SET LANGUAGE failed."}).Always())
	cfg := s.Config()
	cfg.Session = map[string]string{"LANGUAGE": "Klingon"}
	e := opening(t, cfg)
	if e.Kind != registry.KindConfig || e.Attempts != 1 || !strings.Contains(e.Hint, "session.LANGUAGE") {
		t.Errorf("got %v, of the kind %q after %d attempts", e, e.Kind, e.Attempts)
	}
	s.AwaitClosed(t)
}

func TestVersion(t *testing.T) {
	s := start(t)
	query := Driver().Info().VersionQuery
	s.Handle(query, tdstest.Rows([]tdstest.Column{{Type: tdstest.NVarChar(128)}}, []any{"16.0.1000.6"}).Always())
	var version string
	if err := pool(t, s.Config(), registry.Env{}).QueryRowContext(limit(t), query).Scan(&version); err != nil || version != "16.0.1000.6" {
		t.Errorf("got %q, %v", version, err)
	}
}
