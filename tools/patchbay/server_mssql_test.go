//go:build mssql || alldrivers

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// scripted starts a server that speaks SQL Server's protocol and returns its URL, with the secret as password.
func scripted(t *testing.T) (*tdstest.Server, string) {
	t.Helper()
	s := tdstest.Start(t, tdstest.Options{User: "app", Password: secret})
	return s, fmt.Sprintf("mssql://app:%s@%s/patchbay", strings.ReplaceAll(secret, "&", "%26"), s.Addr())
}

func TestPingOfSQLServer(t *testing.T) {
	s, url := scripted(t)
	s.Handle("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))", tdstest.Rows(
		[]tdstest.Column{{Type: tdstest.NVarChar(128)}}, []any{"16.0.1000.6"},
	).Always())
	got := place{}.run(t, "ping", url)
	if got.status != 0 || got.err != "" || !strings.HasPrefix(got.out, "ok    mssql://app@"+s.Addr()+"/patchbay  16.0.1000.6  opened in ") {
		t.Errorf("got %+v", got)
	}
	got = place{}.run(t, "ping", strings.Replace(url, "app:", "app:x", 1), "--wait=1h")
	if got.status != 1 || !strings.Contains(got.out, "  auth: ") {
		t.Errorf("got %+v", got)
	}
}

// A server that lets in, answers the first query and then says nothing is given up, and one without a version
// is one that answers.
func TestPingOfAServerThatCannotTellItsVersion(t *testing.T) {
	s, url := scripted(t)
	version := "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))"
	s.Handle(version, tdstest.Fail(tdstest.Message{Number: 229, Text: "no permission"}).Always())
	got := place{}.run(t, "ping", url)
	if got.status != 0 || got.err != "" || !strings.Contains(got.out, "/patchbay  -  opened in ") {
		t.Errorf("got %+v", got)
	}
	s.Handle(version, tdstest.Response{Fault: tdstest.Fault{Do: tdstest.Silence}}.Always())
	expect(t, place{}.run(t, "ping", url+"?connectTimeout=3s"), ran{
		status: 1, out: "fail  mssql://app@" + s.Addr() + "/patchbay  timeout: connected, but no answer to a query within 3s\n",
	})
}

func TestQueryOfSQLServer(t *testing.T) {
	s, url := scripted(t)
	at := time.Date(2024, 2, 29, 13, 14, 15, 5e8, time.FixedZone("", 2*3600))
	first := tdstest.Rows([]tdstest.Column{
		{Name: "n", Type: tdstest.Decimal(10, 2)},
		{Name: "u", Type: tdstest.UniqueIdentifier},
		{Name: "b", Type: tdstest.VarBinary(10)},
		{Name: "at", Type: tdstest.DateTimeOffset(3)},
		{Name: "d", Type: tdstest.Date},
		{Name: "", Type: tdstest.NVarChar(10)},
		{Name: "", Type: tdstest.NVarChar(10)},
	}, []any{"12.50", "00112233-4455-6677-8899-AABBCCDDEEFF", []byte{0, 255}, at, at, nil, ""})
	second := tdstest.Rows([]tdstest.Column{{Name: "two", Type: tdstest.Int}}, []any{2}, []any{nil})
	s.Handle("exec both", tdstest.Response{Results: append(first.Results, second.Results...)}.Always())
	expect(t, place{}.run(t, "query", url, "exec both", "--format=json"), ran{out: `[
{"n":12.50,"u":"00112233-4455-6677-8899-AABBCCDDEEFF","b":"\\x00ff","at":"2024-02-29T13:14:15.5+02:00","d":"2024-02-29","column6":null,"column7":""}
]
[
{"two":2},
{"two":null}
]
`})
	s.Handle("insert into t values (@p1, @p2)", func(_ context.Context, q tdstest.Query) tdstest.Response {
		if q.Param("@p1") != "Ada" || q.Param("@p2") != "-1" {
			t.Errorf("got the parameters %v", q.Params)
		}
		return tdstest.Affected(3)
	})
	expect(t, place{}.run(t, "query", url, "insert into t values (@p1, @p2)", "--", "Ada", "-1"), ran{out: "3 rows affected\n"})
	s.Handle("select x", tdstest.Fail(tdstest.Message{Number: 207, Text: "Invalid column name 'x'.\nTry\ty."}).Always())
	expect(t, place{}.run(t, "query", url, "select x"), ran{status: 1, err: "patchbay: query: mssql: Invalid column name 'x'.; Try y. (207) (undefined)\n"})
}

// TestG1 on SQL Server: it confirms that it has stopped what it was doing.
func TestG1StopsOnSQLServer(t *testing.T) {
	s, url := scripted(t)
	stopped := make(chan struct{})
	s.Handle("waitfor delay '1:00'", func(ctx context.Context, _ tdstest.Query) tdstest.Response {
		<-ctx.Done()
		close(stopped)
		return tdstest.Response{}
	})
	expect(t, place{}.run(t, "query", url, "waitfor delay '1:00'", "--timeout=1s"), ran{
		status: 124, err: "patchbay: query: not done within the --timeout of 1s; the server has stopped it\n",
	})
	<-stopped
}

// A server that does not even answer that a query is called off keeps nobody waiting.
func TestATimeoutOfAServerThatIsStuck(t *testing.T) {
	s, url := scripted(t)
	s.Handle("select 2", tdstest.Response{Fault: tdstest.Fault{Do: tdstest.Silence}}.Always())
	start := time.Now()
	expect(t, place{}.run(t, "query", url, "select 2", "--timeout=1s"), ran{
		status: 124, err: "patchbay: query: not done within the --timeout of 1s; the server may go on with it: it has not confirmed within 2s that it stopped\n",
	})
	if took := time.Since(start); took > 4*time.Second { // the driver would wait five
		t.Errorf("it took %v", took)
	}
}

// What SQL Server says beside its answers, each result with its number, and the line of a mistake.
func TestWhatSQLServerSaysBesideItsAnswer(t *testing.T) {
	s, url := scripted(t)
	batch := "update t set a = 1;\nselect 2 as two;\nprint 'half way';\ndelete from t"
	two := tdstest.Rows([]tdstest.Column{{Name: "two", Type: tdstest.Int}}, []any{2})
	s.Handle(batch, tdstest.Response{
		Results:  []tdstest.Result{{Count: 3}, two.Results[0], {Count: 0}},
		Messages: []tdstest.Message{{Number: 50000, Class: 10, Text: "half way"}},
	}.Always())
	got := place{}.run(t, "query", url, batch, "--format=csv")
	if got.status != 0 || got.out != "rows_affected\n3\n\ntwo\n2\n\nrows_affected\n0\n" || got.err != "INFO: half way\n" {
		t.Errorf("got %+v", got)
	}
	s.Handle("select 1;\nselect x", tdstest.Fail(tdstest.Message{Number: 207, Class: 16, Line: 2, Text: "Invalid column name 'x'."}).Always())
	expect(t, place{}.run(t, "query", url, "select 1;\nselect x"), ran{
		status: 1, err: "patchbay: query: mssql: Invalid column name 'x'. (207) (undefined)\n  LINE 2: select x\n",
	})
}

// All or none, and with --read-only none, as SQL Server has no session that only reads.
func TestTransactionsOfSQLServer(t *testing.T) {
	s, url := scripted(t)
	s.Handle("delete from t", tdstest.Affected(2).Always())
	s.Handle("select x", tdstest.Fail(tdstest.Message{Number: 207, Class: 16, Text: "Invalid column name 'x'."}).Always())
	for _, c := range []struct {
		args []string
		ends tdstest.Kind
		want ran
	}{
		{[]string{"delete from t", "--tx"}, tdstest.Commit, ran{out: "2 rows affected\n"}},
		{[]string{"select x", "--tx"}, tdstest.Rollback, ran{status: 1, err: "Invalid column name"}},
		{[]string{"delete from t", "--read-only"}, tdstest.Rollback, ran{out: "2 rows affected\n"}},
	} {
		expect(t, place{}.run(t, append([]string{"query", url}, c.args...)...), c.want)
		all := s.Connections()
		var kinds []tdstest.Kind
		for _, r := range all[len(all)-1].Requests {
			if r.Kind == tdstest.Begin || r.Kind == tdstest.Commit || r.Kind == tdstest.Rollback {
				kinds = append(kinds, r.Kind)
			}
		}
		if len(kinds) != 2 || kinds[0] != tdstest.Begin || kinds[1] != c.ends {
			t.Errorf("%q: the server got %v", c.args, kinds)
		}
	}
}
