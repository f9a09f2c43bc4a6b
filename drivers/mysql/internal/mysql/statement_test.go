package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestStatementsThatFail(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	shop := s.Config()
	run(t, s, "CREATE DATABASE shop", "CREATE TABLE shop.fails (id INT PRIMARY KEY)", "INSERT INTO shop.fails VALUES (1)",
		"CREATE USER app IDENTIFIED BY 'pw of app'", "GRANT INSERT ON shop.fails TO app")
	app := as(s, "app", "pw of app")
	shop.Database, app.Database = "shop", "shop"

	holder := conn(t, pool(t, shop, registry.Env{}))
	for _, statement := range []string{"START TRANSACTION", "UPDATE fails SET id = 2"} {
		if _, err := holder.ExecContext(limit(t), statement); err != nil {
			t.Fatal(err)
		}
	}
	limited, killed := []string{"SET max_statement_time = 0.01", "UPDATE fails SET id = 4"}, registry.KindLost
	if s.IsMySQL() {
		limited = []string{"SET max_execution_time = 10", "SELECT * FROM fails FOR UPDATE"}
		killed = registry.KindCanceled // it has no number of its own for a connection that ends itself
	}
	for name, c := range map[string]struct {
		err   error
		kind  registry.Kind
		says  string
		final bool
	}{
		"locked":                {try(t, withSession(shop, "innodb_lock_wait_timeout", "1"), "UPDATE fails SET id = 3"), registry.KindBusy, "session.innodb_lock_wait_timeout", true},
		"read-only transaction": {try(t, shop, "START TRANSACTION READ ONLY", "INSERT INTO fails VALUES (7)"), registry.KindReadOnly, "transaction", false},
		"statement timeout":     {try(t, shop, limited...), registry.KindTimeout, "longer", true},
		"no right":              {try(t, app, "DELETE FROM fails"), registry.KindDenied, "GRANT", false},
		"no administrator":      {try(t, app, "SET GLOBAL max_connections = 5"), registry.KindDenied, "GRANT", false},
		"own connection ended":  {try(t, shop, "KILL CONNECTION_ID()", "SELECT 1"), killed, "", false},
		"read timeout":          {try(t, with(shop, "readTimeout", "50ms"), "DO SLEEP(1)"), registry.KindLost, "", false},
		"no such table":         {try(t, shop, "SELECT * FROM no_such_table"), registry.KindUndefined, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, c.err, c.kind, c.says)
			if got := Driver().Diagnose(c.err).Permanent; got != c.final {
				t.Errorf("Permanent is %v, want %v", got, c.final)
			}
		})
	}
	for kill, kind := range map[string]registry.Kind{"KILL QUERY": registry.KindCanceled, "KILL": registry.KindLost} {
		t.Run(kill, func(t *testing.T) {
			done := make(chan error, 1)
			go func() { done <- try(t, shop, "UPDATE fails SET id = 4") }()
			db := pool(t, shop, registry.Env{})
			for { // one that comes while the statement begins passes it by
				select {
				case err := <-done:
					check(t, err, kind, "")
					return
				default:
				}
				var id int
				if db.QueryRowContext(limit(t), "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'UPDATE fails%'").Scan(&id) == nil {
					_, _ = db.ExecContext(limit(t), fmt.Sprintf("%s %d", kill, id))
				}
			}
		})
	}
	t.Run("canceled by the caller", func(t *testing.T) {
		ctx, cancel := context.WithCancel(limit(t))
		done := make(chan error, 1)
		c := conn(t, pool(t, shop, registry.Env{}))
		go func() {
			_, err := c.ExecContext(ctx, "DO SLEEP(30)")
			done <- err
		}()
		awaitSleeper(t, s)
		cancel()
		check(t, <-done, registry.KindCanceled, "")
	})

	s.Restart(t, testserver.Options{Settings: map[string]string{"read-only": "1"}})
	t.Run("read-only server", func(t *testing.T) {
		check(t, try(t, app, "INSERT INTO fails VALUES (8)"), registry.KindReadOnly, "primary server")
	})
}

func TestErrorsKeepTheirTypes(t *testing.T) {
	s := testserver.MariaDB(t)
	err := try(t, as(s, s.User, "not the password"))
	if server, ok := errors.AsType[*mysql.MySQLError](err); !ok || server.Number != 1045 {
		t.Errorf("%v is no *mysql.MySQLError", err)
	}
	if errors.Is(err, sql.ErrNoRows) {
		t.Error("it is everything")
	}
}
