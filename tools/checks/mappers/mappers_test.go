package mappers_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	gormmysql "gorm.io/driver/mysql"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mssql/native"
	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// A city has a name that is unique, lies in a land that is there, and has people.
type City struct {
	bun.BaseModel `bun:"table:mappers_city" gorm:"-"`
	ID            int64  `bun:",pk" gorm:"primaryKey" db:"id"`
	Name          string `db:"name"`
	Land          int64  `db:"land"`
	People        *int64 `db:"people"`
}

func (City) TableName() string { return "mappers_city" }

var tables = []string{
	"CREATE TABLE mappers_land (id BIGINT NOT NULL PRIMARY KEY)",
	`CREATE TABLE mappers_city (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(50), land BIGINT NOT NULL, people BIGINT NOT NULL,
	CONSTRAINT mappers_city_name UNIQUE (name), CONSTRAINT mappers_city_land FOREIGN KEY (land) REFERENCES mappers_land (id))`,
	"INSERT INTO mappers_land VALUES (1)",
	"INSERT INTO mappers_city VALUES (1, 'Ulm', 1, 130000)",
}

// mapper runs what a program asks of it.
type mapper struct {
	insert func(context.Context, *City) error
	query  func(ctx context.Context, query string) error
}

// target is a database and what the mappers call its dialect.
type target struct {
	cfg   conn.Config
	bun   schema.Dialect
	gorm  func(*conn.Conn) gorm.Dialector // nil: gorm's driver of SQLite links another one, which is written in C
	goose goose.Dialect
	codes map[conn.Kind]string
}

func targets(t *testing.T) map[string]target {
	return map[string]target{
		"postgres": {
			testserver.Postgres(t).Config(), pgdialect.New(),
			func(c *conn.Conn) gorm.Dialector { return gormpostgres.New(gormpostgres.Config{Conn: c.DB}) }, goose.DialectPostgres,
			map[conn.Kind]string{conn.KindUnique: "23505", conn.KindForeignKey: "23503", conn.KindNotNull: "23502", conn.KindUndefined: "42P01", conn.KindSyntax: "42601"},
		},
		"mariadb": {
			testserver.MariaDB(t).Config(), mysqldialect.New(),
			func(c *conn.Conn) gorm.Dialector { return gormmysql.New(gormmysql.Config{Conn: c.DB}) }, goose.DialectMySQL,
			map[conn.Kind]string{conn.KindUnique: "1062", conn.KindForeignKey: "1452", conn.KindNotNull: "1048 1364", conn.KindUndefined: "1146", conn.KindSyntax: "1064"},
		},
		"sqlite": {
			conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "cities")},
			sqlitedialect.New(), nil, goose.DialectSQLite3,
			map[conn.Kind]string{conn.KindUnique: "2067", conn.KindForeignKey: "787", conn.KindNotNull: "1299", conn.KindUndefined: "1", conn.KindSyntax: "1"},
		},
	}
}

func open(t *testing.T, cfg conn.Config) *conn.Conn {
	t.Helper()
	c, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, table := range []string{"mappers_city", "mappers_land", "mappers_migrations"} {
			if _, err := c.Exec("DROP TABLE IF EXISTS " + table); err != nil {
				t.Error(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, statement := range tables {
		if _, err := c.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func mappers(t *testing.T, c *conn.Conn, on target) map[string]mapper {
	t.Helper()
	b, x := bun.NewDB(c.DB, on.bun), sqlx.NewDb(c.DB, c.Info().DriverName)
	all := map[string]mapper{
		"bun": {
			func(ctx context.Context, city *City) error { _, err := b.NewInsert().Model(city).Exec(ctx); return err },
			func(ctx context.Context, query string) error { return b.NewRaw(query).Scan(ctx, new([]City)) },
		},
		"sqlx": {
			func(ctx context.Context, city *City) error {
				_, err := x.NamedExecContext(ctx, "INSERT INTO mappers_city (id, name, land, people) VALUES (:id, :name, :land, :people)", city)
				return err
			},
			func(ctx context.Context, query string) error { return x.SelectContext(ctx, new([]City), query) },
		},
	}
	if on.gorm != nil {
		g, err := gorm.Open(on.gorm(c), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			t.Fatal(err)
		}
		all["gorm"] = mapper{
			func(ctx context.Context, city *City) error { return g.WithContext(ctx).Create(city).Error },
			func(ctx context.Context, query string) error {
				return g.WithContext(ctx).Raw(query).Scan(new([]City)).Error
			},
		}
	}
	return all
}

// understood checks what conn says of an error, however it is wrapped.
func understood(t *testing.T, c *conn.Conn, err error, kind conn.Kind, code, constraint string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one of the kind %q", kind)
		return
	}
	for _, err := range []error{err, fmt.Errorf("cities: %w", err), errors.Join(errors.New("another"), err)} {
		for _, d := range []conn.Diagnosis{conn.Diagnose(err), c.Diagnose(err)} {
			if d.Kind != kind || !slices.Contains(strings.Fields(code), d.Code) || !strings.Contains(constraint, d.Constraint) || d.Hint == "" {
				t.Errorf("the diagnosis of %q is %+v, want %q, %s, %s", err, d, kind, code, constraint)
			}
		}
	}
}

func TestErrorsOfMappers(t *testing.T) {
	for name, on := range targets(t) {
		t.Run(name, func(t *testing.T) {
			c := open(t, on.cfg)
			people := int64(10)
			for name, m := range mappers(t, c, on) {
				t.Run(name, func(t *testing.T) {
					ctx := t.Context()
					expect := func(err error, kind conn.Kind, constraint string) {
						t.Helper()
						understood(t, c, err, kind, on.codes[kind], constraint)
					}
					expect(m.insert(ctx, &City{ID: 2, Name: "Ulm", Land: 1, People: &people}), conn.KindUnique, "mappers_city_name mappers_city.name")
					expect(m.insert(ctx, &City{ID: 2, Name: "Bonn", Land: 7, People: &people}), conn.KindForeignKey, "mappers_city_land")
					expect(m.insert(ctx, &City{ID: 2, Name: "Bonn", Land: 1}), conn.KindNotNull, "")
					expect(m.query(ctx, "SELECT * FROM mappers_missing"), conn.KindUndefined, "")
					expect(m.query(ctx, "SELECT FROM WHERE"), conn.KindSyntax, "")
					late, cancel := context.WithCancel(ctx)
					cancel()
					if err := m.query(late, "SELECT * FROM mappers_city"); conn.KindOf(err) != conn.KindCanceled {
						t.Errorf("the kind of %v is %q", err, conn.KindOf(err))
					}
				})
			}
		})
	}
}

// With TranslateError gorm returns errors of its own, in which the driver's may be missing.
func TestGormTranslates(t *testing.T) {
	for name, want := range map[string]conn.Kind{"postgres": conn.KindUnique, "mariadb": conn.KindUnknown} {
		on := targets(t)[name]
		c := open(t, on.cfg)
		g, err := gorm.Open(on.gorm(c), &gorm.Config{Logger: logger.Discard, TranslateError: true})
		if err != nil {
			t.Fatal(err)
		}
		people := int64(10)
		err = g.WithContext(t.Context()).Create(&City{ID: 2, Name: "Ulm", Land: 1, People: &people}).Error
		if !errors.Is(err, gorm.ErrDuplicatedKey) || conn.KindOf(err) != want {
			t.Errorf("%s: the kind of %v is %q, want %q: if gorm has changed, correct docs/errors.md", name, err, conn.KindOf(err), want)
		}
	}
}

func TestErrorsOfMigrations(t *testing.T) {
	for name, on := range targets(t) {
		t.Run(name, func(t *testing.T) {
			c := open(t, on.cfg)
			files := fstest.MapFS{"00001_twice.sql": {Data: []byte("-- +goose Up\nINSERT INTO mappers_city VALUES (2, 'Ulm', 1, 5);\n")}}
			p, err := goose.NewProvider(on.goose, c.DB, files, goose.WithTableName("mappers_migrations"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Up(t.Context())
			understood(t, c, err, conn.KindUnique, on.codes[conn.KindUnique], "mappers_city_name mappers_city.name")
		})
	}
}

// sqlx knows how a statement names its parameters by the name of the driver.
func TestSqlxKnowsTheDrivers(t *testing.T) {
	for _, info := range registry.Linked() {
		want := info.Placeholder.Nth(1) + ", " + info.Placeholder.Nth(2)
		if got := sqlx.Rebind(sqlx.BindType(info.DriverName), "?, ?"); got != want {
			t.Errorf("%s: sqlx writes %s, want %s", info.Dialect, got, want)
		}
	}
}
