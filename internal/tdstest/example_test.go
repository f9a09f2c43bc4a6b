package tdstest_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

func Example() {
	s, err := tdstest.New(tdstest.Options{User: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	s.Handle("select name from users where id = @p1", func(_ context.Context, q tdstest.Query) tdstest.Response {
		return tdstest.Rows([]tdstest.Column{{Name: "name", Type: tdstest.NVarChar(50)}}, []any{fmt.Sprint("user ", q.Param("@p1"))})
	})

	cfg := s.Config()
	connector, err := mssql.NewConnector(fmt.Sprintf("sqlserver://%s:%s@%s?database=%s&encrypt=disable",
		cfg.User, cfg.Password.Reveal(), s.Addr(), cfg.Database))
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	var name string
	if err := db.QueryRow("select name from users where id = @p1", 7).Scan(&name); err != nil {
		log.Fatal(err)
	}
	fmt.Println(name)

	c := s.Connections()[0]
	fmt.Println(c.Login.User, c.Login.Encrypted, c.Requests[0].Proc, c.Requests[0].Params[0].Type)
	// Output:
	// user 7
	// ada false sp_executesql bigint
}
