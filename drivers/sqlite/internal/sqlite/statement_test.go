package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// Beside what the conformance suite provokes in every dialect.
func TestStatementsThatFail(t *testing.T) {
	db := open(t, ":memory:")
	db.SetMaxOpenConns(1)
	exec(t, db, `create table city (id integer primary key, name text, zip text, n int check (n < 10), unique (name, zip));
		create table land (name text); create unique index land_lower on land (lower(name)); insert into land values ('Peru');
		create table strict_city (n int) strict;
		create table rowids (a); create trigger no_rows before insert on rowids begin select raise(abort, 'no such luck'); end;
		insert into city values (1, 'Ulm', '89073', 1)`)
	for _, c := range []struct {
		statement, code string
		kind            registry.Kind
		constraint      string
	}{
		{"insert into city values (2, 'Ulm', '89073', 1)", "2067", registry.KindUnique, "city.name, city.zip"},
		{"insert into land values ('PERU')", "2067", registry.KindUnique, "land_lower"},
		{"insert into city values (1, 'Bonn', '53111', 1)", "1555", registry.KindUnique, "city.id"},
		{"insert into city values (2, 'Bonn', '53111', 12)", "275", registry.KindCheck, "n < 10"}, // without a name
		{"insert into city values ('two', 'Bonn', '53111', 1)", "20", registry.KindValue, ""},
		{"insert into strict_city values ('two')", "3091", registry.KindValue, ""},
		{"insert into rowids values (1)", "1811", registry.KindCheck, ""},
		{"select zeroblob(2000000000)", "18", registry.KindValue, ""},
		{"select abs(-9223372036854775808)", "1", registry.KindValue, ""},
		{"select '{' -> 'a'", "1", registry.KindValue, ""},
		{"select name from city a, city b", "1", registry.KindSyntax, ""},
		{"select 1, 2 union select 1", "1", registry.KindSyntax, ""},
		{"insert into city values (1)", "1", registry.KindSyntax, ""},
		{"insert into city (id) values (1, 2)", "1", registry.KindSyntax, ""},
		{"select sum(sum(n)) from city", "1", registry.KindSyntax, ""},
		{"select abs(1, 2)", "1", registry.KindSyntax, ""},
		{"select 1 from", "1", registry.KindSyntax, ""},
		{"select #", "1", registry.KindSyntax, ""},
		{"insert into city (nmae) values (1)", "1", registry.KindUndefined, ""},
		{"select * from other.city", "1", registry.KindUndefined, ""},
		{"detach other", "1", registry.KindUndefined, ""},
		{"drop index missing", "1", registry.KindUndefined, ""},
		{"create index land_lower on city (name)", "1", registry.KindExists, ""},
		{"alter table city add column name", "1", registry.KindExists, ""},
		{"alter table city rename to rowids", "1", registry.KindExists, ""},
		{"rollback", "1", registry.KindUnknown, ""},
	} {
		err := db.QueryRow(c.statement).Scan(new(any))
		if err == nil {
			t.Errorf("%s: no error", c.statement)
			continue
		}
		d := sqlite.Driver().Diagnose(fmt.Errorf("wrapped: %w", err))
		if d.Kind != c.kind || d.Code != c.code || d.Constraint != c.constraint {
			t.Errorf("%s: the diagnosis of %q is %+v, want %q %s %q", c.statement, err, d, c.kind, c.code, c.constraint)
		}
	}
}
