package docs_test

import (
	"testing"
	"testing/fstest"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/golang-migrate/migrate/v4"
	migratepgx "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// on opens a pool of two connections with a schema of its own.
func on(t *testing.T) *conn.Conn {
	t.Helper()
	cfg := testserver.Postgres(t).Config()
	cfg.Pool.Max = 2
	db, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("drop table if exists docs_tea, docs_goose, docs_migrate")
		if closed := db.Close(); err != nil || closed != nil {
			t.Error(err, closed)
		}
	})
	return db
}

// TestMappers: each asks for a number.
func TestMappers(t *testing.T) {
	db, ctx := on(t), t.Context()
	b := bun.NewDB(db.DB, pgdialect.New())
	g, err := gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: db.DB}), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	x := sqlx.NewDb(db.DB, db.Info().DriverName)
	drv := entsql.OpenDB(dialect.Postgres, db.DB)
	var byBun, byGorm, bySQLX, byEnt int
	if err := b.NewRaw("select ?::int", 1).Scan(ctx, &byBun); err != nil {
		t.Error(err)
	}
	if err := g.Raw("select ?::int", 2).Scan(&byGorm).Error; err != nil {
		t.Error(err)
	}
	if err := x.Get(&bySQLX, x.Rebind("select ?::int"), 3); err != nil {
		t.Error(err)
	}
	var rows entsql.Rows
	if err := drv.Query(ctx, "select $1::int", []any{4}, &rows); err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if byEnt, err = entsql.ScanInt(rows); err != nil {
		t.Error(err)
	}
	if byBun != 1 || byGorm != 2 || bySQLX != 3 || byEnt != 4 {
		t.Errorf("got %d, %d, %d, %d", byBun, byGorm, bySQLX, byEnt)
	}
}

func TestGoose(t *testing.T) {
	db := on(t)
	files := fstest.MapFS{"00001_tea.sql": {Data: []byte("-- +goose Up\ncreate table docs_tea (id int);\n")}}
	options := goose.WithTableName("docs_goose")
	if p, err := goose.NewProvider(goose.DialectPostgres, db.DB, files, options); err != nil {
		t.Fatal(err)
	} else if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db.DB, files)
	if err != nil || len(p.ListSources()) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestMigrate(t *testing.T) {
	db := on(t)
	own, err := conn.Open(t.Context(), db.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	up := func(db *conn.Conn) error {
		driver, err := migratepgx.WithInstance(db.DB, &migratepgx.Config{})
		if err != nil {
			return err
		}
		source, err := iofs.New(fstest.MapFS{"m/1_tea.up.sql": {Data: []byte("create table docs_tea (id int)")}}, "m")
		if err != nil {
			return err
		}
		m, err := migrate.NewWithInstance("iofs", source, "pgx5", driver)
		if err != nil {
			return err
		}
		defer m.Close()
		return m.Up()
	}
	defer func() {
		if _, err := db.Exec("drop table if exists schema_migrations"); err != nil {
			t.Error(err)
		}
	}()
	if err := up(own); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := db.QueryRow("select to_regclass('docs_tea') is not null").Scan(&there); err != nil || !there {
		t.Errorf("the table is there: %v, %v", there, err)
	}
}
