package main

import "testing"

func TestWhichStatementsReturnANumber(t *testing.T) {
	for sql, want := range map[string]bool{
		"insert into t values (1)":                                   true,
		"  \n-- select\n/* select; */ INSERT into t values (';')":    true,
		"update t set a = 'returning'":                               true,
		`update t set "returning" = 1`:                               true,
		"update t set `output` = 1":                                  true,
		"delete from t where id in (select id from t);":              true,
		"merge into t using s on t.id = s.id when matched then x":    true,
		"replace into t values (1)":                                  true,
		"with a as (select 1) insert into t select * from a":         true,
		"with a(x) as (select 1), b as (select 2) update t set a=1":  true,
		"with recursive a as materialized (select 1) delete from t":  true,
		"insert into t values (1) returning id":                      false,
		"insert into t (a) output inserted.id values (1)":            false,
		"insert into t values (1); select * from t":                  false,
		"with a as (insert into t values (1) returning *) select 1":  false,
		"with a as (select 1) select * from a":                       false,
		"with a as (select 1), b as (delete from t) table a":         false,
		"select * from t where x in (update)":                        false,
		"explain insert into t values (1)":                           false,
		"create table t (a)":                                         false,
		"create trigger x after insert on t begin delete from t end": false,
		"values (1)":                        false,
		"insert":                            true,
		"":                                  false,
		"'unclosed":                         false,
		"/* unclosed insert":                false,
		"((((":                              false,
		")insert into t values (1)":         false,
		"(select 1) union (select 2)":       false,
		"insert into t values ('it''s; x')": true,
		"éinsert":                           false,
	} {
		if got := counts(sql); got != want {
			t.Errorf("%q: got %v", sql, got)
		}
	}
}
