package sqlite_test

import (
	"testing"
	"time"
)

func TestTimesComeBackInUTC(t *testing.T) {
	db := open(t, ":memory:")
	exec(t, db, "create table t (at datetime)")
	zone := time.FixedZone("", 5*3600+1800)
	for _, at := range []time.Time{
		time.Now(), // with a reading of the monotonic clock
		time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC),
		time.Date(1969, 7, 21, 2, 56, 15, 1000, zone),
		{},
	} {
		exec(t, db, "delete from t")
		exec(t, db, "insert into t values (?)", at)
		got := query[time.Time](t, db, "select at from t")
		if !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%v comes back as %v", at, got)
		}
		if want := at.UTC().Format("2006-01-02 15:04:05.999999999-07:00"); want != query[string](t, db, "select cast(at as text) from t") {
			t.Errorf("%v is stored as %q, want %q", at, query[string](t, db, "select cast(at as text) from t"), want)
		}
		if n := query[int](t, db, "select count(*) from t where at = ?", at); n != 1 {
			t.Errorf("%v is not found again", at)
		}
	}
}

func TestTimeParams(t *testing.T) {
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	for _, tt := range []struct {
		params []string
		stored string
	}{
		{[]string{"time_format", "datetime"}, "2024-02-29 23:59:59"},
		{[]string{"timezone", "Asia/Kolkata"}, "2024-03-01 05:29:59.123456+05:30"},
		{[]string{"time_integer_format", "unix_micro"}, "1709251199123456"},
	} {
		db := open(t, ":memory:", tt.params...)
		exec(t, db, "create table t (at text)")
		exec(t, db, "insert into t values (?)", at)
		if got := query[string](t, db, "select cast(at as text) from t"); got != tt.stored {
			t.Errorf("with %v %v is stored as %q, want %q", tt.params, at, got, tt.stored)
		}
	}

	db := open(t, ":memory:", "time_integer_format", "unix", "inttotime", "on")
	exec(t, db, "create table t (at datetime)")
	exec(t, db, "insert into t values (?)", at)
	if got := query[time.Time](t, db, "select at from t"); !got.Equal(at.Truncate(time.Second)) {
		t.Errorf("with inttotime %v comes back as %v", at, got)
	}

	db = open(t, ":memory:", "texttotime", "on")
	exec(t, db, "create table t (at datetime)")
	exec(t, db, "insert into t values (?)", at)
	if got := query[any](t, db, "select max(at) from t"); got != at {
		t.Errorf("with texttotime %v comes back as %#v", at, got)
	}
}
