//go:build sqlite || postgres || mysql || alldrivers

package bun_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

type author struct {
	ID     int64     `bun:",pk,autoincrement"`
	Name   string    `bun:",notnull,unique,type:varchar(100)"`
	Note   *string   // NULL is nil
	Joined time.Time `bun:",notnull"`
	Active bool      `bun:",notnull"`
	Books  []*book   `bun:"rel:has-many,join:id=author_id"`
}

type book struct {
	ID       int64 `bun:",pk,autoincrement"`
	AuthorID int64 `bun:",notnull"`
	Title    string
	Scan     []byte
	Price    float64
}

// exercise creates two models, fills, reads, changes and drops them through the query builder.
func exercise(t *testing.T, cfg registry.Config, dialect schema.Dialect) {
	ctx := t.Context()
	c, err := conn.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	db := bun.NewDB(c.DB, dialect)
	for _, model := range []any{(*author)(nil), (*book)(nil)} {
		if _, err := db.NewCreateTable().Model(model).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := db.NewDropTable().Model(model).Exec(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		}()
	}

	note := "wrote the first program"
	joined := time.Date(1843, 9, 1, 12, 30, 15, 0, time.UTC)
	authors := []*author{
		{Name: "Ada", Note: &note, Joined: joined, Active: true},
		{Name: "O'Hára \\ ?", Joined: joined.AddDate(100, 0, 0)},
	}
	for _, a := range authors {
		insert(t, db, a)
	}
	insert(t, db, &book{AuthorID: authors[0].ID, Title: "Notes", Scan: []byte{0, 0xff, '\''}, Price: 12.5})
	insert(t, db, &book{AuthorID: authors[0].ID, Title: "Letters"})

	var got []author
	err = db.NewSelect().Model(&got).Relation("Books", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("title") }).
		Where("name IN (?)", bun.List([]string{"Ada", "O'Hára \\ ?"})).OrderExpr("? DESC", bun.Ident("active")).Scan(ctx)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %d authors, %v", len(got), err)
	}
	ada, ohara := got[0], got[1]
	if ada.ID == 0 || ada.Name != "Ada" || ada.Note == nil || *ada.Note != note || !ada.Joined.Equal(joined) || !ada.Active {
		t.Errorf("got %+v", ada)
	}
	if ohara.Name != "O'Hára \\ ?" || ohara.Note != nil || ohara.Active || len(ohara.Books) != 0 {
		t.Errorf("got %+v", ohara)
	}
	if len(ada.Books) != 2 || ada.Books[1].Title != "Notes" || !slices.Equal(ada.Books[1].Scan, []byte{0, 0xff, '\''}) || ada.Books[1].Price != 12.5 {
		t.Errorf("got %+v", ada.Books)
	}

	undo := errors.New("undo")
	err = db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*book)(nil)).Where("1 = 1").Exec(ctx); err != nil {
			return err
		}
		return undo
	})
	if n, counted := db.NewSelect().Model((*book)(nil)).Count(ctx); !errors.Is(err, undo) || counted != nil || n != 2 {
		t.Errorf("after the rollback there are %d books, %v, %v", n, counted, err)
	}
	result, err := db.NewUpdate().Model((*author)(nil)).Set("active = ?", true).Where("id = ?", ohara.ID).Exec(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		t.Errorf("updated %d, %v", n, err)
	}
	_, err = db.NewInsert().Model(&author{Name: "Ada", Joined: joined}).Exec(ctx)
	if err == nil {
		t.Error("a second Ada was let in")
	}
	err = db.NewSelect().Model(new(author)).Where("name = ?", "nobody").Scan(ctx)
	if !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("got %v", err)
	}
}

func insert(t *testing.T, db *bun.DB, model any) {
	t.Helper()
	if _, err := db.NewInsert().Model(model).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}
