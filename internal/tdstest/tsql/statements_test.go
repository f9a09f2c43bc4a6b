package tsql_test

import (
	"strings"
	"testing"
	"time"
)

func TestAColumnGivesBackWhatItWasGivenInItsType(t *testing.T) {
	db := open(t)
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456700, time.FixedZone("", -5*3600))
	long := strings.Repeat("é😀", 9000)
	for _, c := range []struct {
		declared string
		value    any
		want     string
	}{
		{"bit", true, "BIT\ntrue"},
		{"tinyint", 255, "TINYINT\n255"},
		{"smallint", -32768, "SMALLINT\n-32768"},
		{"int", int32(-2147483648), "INT\n-2147483648"},
		{"bigint", int64(-9223372036854775808), "BIGINT\n-9223372036854775808"},
		{"bigint", int64(9223372036854775807), "BIGINT\n9223372036854775807"},
		{"float", 1.0 / 3, "FLOAT\n0.3333333333333333"},
		{"real", 0.5, "REAL\n0.5"},
		{"double precision", 2.5, "FLOAT\n2.5"},
		{"decimal(38, 10)", "-1234567890123456789012345678.0123456789", "DECIMAL\n-1234567890123456789012345678.0123456789"},
		{"numeric(5,2)", "1.005", "DECIMAL\n1.01"},
		{"money", "-1.2345", "MONEY\n-1.2345"},
		{"nvarchar(20)", "naïve 😀", "NVARCHAR\nnaïve 😀"},
		{"nvarchar(max)", long, "NVARCHAR\n" + long},
		{"varchar(20)", "naïve € ☃", "VARCHAR\nnaïve € ?"},
		{"varchar(max)", strings.Repeat("x", 8001), "VARCHAR\n" + strings.Repeat("x", 8001)},
		{"varbinary(3)", []byte("a\x00c"), "VARBINARY\na\x00c"},
		{"varbinary(max)", []byte(strings.Repeat("y", 100_000)), "VARBINARY\n" + strings.Repeat("y", 100_000)},
		{"datetimeoffset", at, "DATETIMEOFFSET\n2024-02-29T23:59:59.1234567-05:00"},
		{"datetimeoffset(0)", at, "DATETIMEOFFSET\n2024-02-29T23:59:59-05:00"},
		{"datetime2", at, "DATETIME2\n2024-02-29T23:59:59.1234567Z"},
		{"datetime2(3)", at, "DATETIME2\n2024-02-29T23:59:59.123Z"},
		{"datetime", at, "DATETIME\n2024-02-29T23:59:59.123Z"},
		{"date", at, "DATE\n2024-02-29T00:00:00Z"},
		{"date", "20240229", "DATE\n2024-02-29T00:00:00Z"},
		{"time(3)", at, "TIME\n0001-01-01T23:59:59.123Z"},
		{"nvarchar(10)", "", "NVARCHAR\n"},
		{"varbinary(10)", []byte{}, "VARBINARY\n"},
		{"nvarchar(10)", nil, "NVARCHAR\n<nil>"},
		{"decimal(10, 2)", nil, "DECIMAL\n<nil>"},
		{"datetimeoffset", nil, "DATETIMEOFFSET\n<nil>"},
		{"varbinary(max)", nil, "VARBINARY\n<nil>"},
	} {
		t.Run(c.declared, func(t *testing.T) {
			exec(t, db, "create table v (v "+c.declared+")")
			defer exec(t, db, "drop table v")
			if n := exec(t, db, "insert into v values (@p1)", c.value); n != 1 {
				t.Errorf("the insert changed %d rows", n)
			}
			if got := rows(t, db, "select v from v"); got != "v "+c.want {
				t.Errorf("%.200s came back as %.200s", "v "+c.want, got)
			}
		})
	}
}

// people is a table with what T-SQL spells otherwise than SQLite.
const people = `create table [dbo].[people] (
	id int identity(1,1) not null primary key clustered,
	name nvarchar(50) collate SQL_Latin1_General_CP1_CI_AS not null unique,
	price decimal(10, 2) default 0,
	made datetime2 not null default sysutcdatetime())`

func TestSpellingsOfTSQL(t *testing.T) {
	db := open(t)
	exec(t, db, people)
	exec(t, db, "insert into dbo.people (name, price) values (N'Ada', @p1), ('Grace', 9), (N'Łukasz', 10.5)", "100")
	for query, want := range map[string]string{
		"select top 1 name from people order by id desc":                                     "name NVARCHAR\nŁukasz",
		"select top (@p1) name from people with (nolock) order by id":                        "name NVARCHAR\nAda",
		"select name from people order by id offset 1 rows fetch next 1 rows only":           "name NVARCHAR\nGrace",
		"select name from people order by id offset 2 rows":                                  "name NVARCHAR\nŁukasz",
		"select name from people where name = 'ADA '":                                        "name NVARCHAR\nAda",
		"select name from people where price > 9 order by price":                             "name NVARCHAR\nŁukasz\nAda",
		"select n = name, p.price cost, p.id as [the id] from people p where id = 1":         "n NVARCHAR, cost DECIMAL, the id BIGINT\nAda, 100.00, 1",
		"select count(*) from people":                                                        " INT\n3",
		"select cast(price as decimal(18, 4)), convert(int, '7') i from people where id = 1": " DECIMAL, i INT\n100.0000, 7",
		"select isnull(null, N'x'), len('ab '), datalength(N'ab')":                           " NVARCHAR,  INT,  INT\nx, 2, 4",
		"select 0xABC as x, 'it''s', 1.5e1, null, -1":                                        "x VARBINARY,  NVARCHAR,  FLOAT,  INT,  BIGINT\n\n\xbc, it's, 15, <nil>, -1",
		"select db_name() as db, @@trancount n, suser_sname()":                               "db NVARCHAR, n INT,  NVARCHAR\npatchbay, 0, sa",
		"select case when @p1 = 1 then 'one' end":                                            " NVARCHAR\none",
		"select @p1, @p1 + 1 as next":                                                        " BIGINT, next BIGINT\n1, 2",
		"with x as (select 1 as one) select one from x":                                      "one BIGINT\n1",
		"select 'a;b' /* ; */ -- ;":                                                          " NVARCHAR\na;b",
	} {
		if got := rows(t, db, query, 1); got != want {
			t.Errorf("%s\ngives  %q\nand not %q", query, got, want)
		}
	}
}

func TestOutputGivesTheRowsThatChanged(t *testing.T) {
	db := open(t)
	exec(t, db, people)
	for _, c := range []struct{ query, want string }{
		{"insert into people (name) output inserted.id, inserted.name values ('a'), ('b')", "id BIGINT, name NVARCHAR\n1, a\n2, b"},
		{"update people set name = 'c' output inserted.name where id = 2", "name NVARCHAR\nc"},
		{"delete from people output deleted.id where id > 1", "id BIGINT\n2"},
		{"insert into people (name) values ('d'); select convert(bigint, scope_identity()) as id", "id BIGINT\n3"},
	} {
		if got := rows(t, db, c.query); got != c.want {
			t.Errorf("%s gives %q and not %q", c.query, got, c.want)
		}
	}
}

func TestCountsAreOfTheRowsThatChanged(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (a int); create table other (a int)")
	for _, c := range []struct {
		query string
		want  int64
	}{
		{"insert into t values (1), (2), (3)", 3},
		{"update t set a = a + 1 where a > 1", 2},
		{"delete from t where a = 1", 1},
		{"insert into other select a from t", 2},
		{"create index i on t (a)", 0},
		{"delete from t where a = 77", 0},
		{"truncate table t", 0},
		{"set nocount on; insert into t values (1)", 1},
	} {
		if n := exec(t, db, c.query); n != c.want {
			t.Errorf("%s changed %d rows, and not %d", c.query, n, c.want)
		}
	}
	if got := rows(t, db, "select count(*) as n from t"); got != "n INT\n1" {
		t.Error(got)
	}
}

func TestTimesCompareByTheirInstant(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (n int, at datetimeoffset)")
	early := time.Date(2024, 1, 1, 12, 0, 0, 0, time.FixedZone("", 3600)) // 11:00 UTC
	exec(t, db, "insert into t values (1, @p1), (2, @p2)", early, time.Date(2024, 1, 1, 11, 30, 0, 0, time.UTC))
	if got := rows(t, db, "select n from t order by at"); got != "n INT\n1\n2" {
		t.Error(got)
	}
	if got := rows(t, db, "select n from t where at = @p1", early.UTC()); got != "n INT\n1" {
		t.Error(got)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	db := open(t)
	conn, err := db.Conn(ctx(t))
	must(t, err)
	defer conn.Close()
	exec(t, conn, "create table t (a int); create table #temp (a int); insert into #temp values (1)")
	exec(t, conn, "use other")
	if _, err := conn.ExecContext(ctx(t), "select * from t"); err == nil {
		t.Error("a table of one database is in the other")
	}
	if got := rows(t, conn, "select db_name() as db"); got != "db NVARCHAR\nother" {
		t.Error(got)
	}
}

func TestTemporaryTablesGoWithTheSession(t *testing.T) {
	db := open(t)
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx(t))
	must(t, err)
	exec(t, conn, "create table #temp (a int)")
	exec(t, conn, "insert into #temp values (1)")
	must(t, conn.Close())
	if _, err := db.ExecContext(ctx(t), "select * from #temp"); err == nil {
		t.Error("the pool handed the connection out with a temporary table")
	}
}
