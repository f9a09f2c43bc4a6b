package conn_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite"
	"github.com/patchbay-go/patchbay/observer"
)

func ExampleOpen() {
	ctx := context.Background()
	db, err := conn.Open(ctx, conn.Config{Dialect: "sqlite", Filename: ":memory:"}, conn.WithName("scratch"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	var sum int
	if err := db.QueryRowContext(ctx, "SELECT 1 + ?", 2).Scan(&sum); err != nil {
		log.Fatal(err)
	}
	fmt.Println(db.Name(), db.Dialect(), sum)
	// Output: scratch sqlite 3
}

func ExampleOpenURL() {
	db, err := conn.OpenURL(context.Background(), "sqlite::memory:?pool.max=4")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.Stats().MaxOpenConnections)
	// Output: 4
}

func ExampleParseURL() {
	cfg, err := conn.ParseURL("postgres://app:hunter2@db.example/shop?ssl=true&connectTimeout=5s")
	fmt.Println(cfg, err)
	fmt.Println(cfg.Password.Reveal())

	_, err = conn.ParseURL("postgres://app:hunter/2@db.example/shop")
	fmt.Println(err)
	// Output:
	// postgres://app:[redacted]@db.example/shop?connectTimeout=5s&ssl=true <nil>
	// hunter2
	// config: url contains an "@" that may belong to the password or follow it: write every @ that is not the one before the host as %40, and a / or ? in a password as %2F or %3F
}

// A test of a config opens, asks and closes, and creates nothing.
func ExampleTest() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	err = conn.Test(context.Background(), conn.Config{Dialect: "sqlite", Filename: filepath.Join(dir, "absent.db")})
	fmt.Println(conn.KindOf(err))
	entries, err := os.ReadDir(dir)
	fmt.Println(len(entries), err)
	// Output:
	// cannot open
	// 0 <nil>
}

func ExampleError() {
	_, err := conn.Open(context.Background(), conn.Config{Dialect: "sqlite", Filename: "shop.db", Port: 5432}, conn.WithName("orders"))
	var failed *conn.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Name, failed.Kind, failed.Attempts)
	}
	fmt.Println(err)
	// Output:
	// orders config 0
	// connection "orders" (sqlite shop.db): config: port has no meaning for sqlite, which opens files: leave it out
}

func ExampleKindOf() {
	ctx := context.Background()
	db, err := conn.OpenURL(ctx, "sqlite::memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
	_, err = db.ExecContext(short, endless)
	fmt.Println(db.Diagnose(err).Kind == conn.KindCanceled)
	// Output: true
}

// The diagnosis of a statement's error is the same in every dialect.
func ExampleConn_Diagnose() {
	ctx := context.Background()
	db, err := conn.OpenURL(ctx, "sqlite::memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE city (name TEXT UNIQUE); INSERT INTO city VALUES ('Ulm')"); err != nil {
		log.Fatal(err)
	}

	_, err = db.ExecContext(ctx, "INSERT INTO city VALUES (?)", "Ulm")
	d := db.Diagnose(fmt.Errorf("adding a city: %w", err))
	fmt.Println(d.Kind == conn.KindUnique, d.Code, d.Constraint)
	fmt.Println(d.Hint)
	// Output:
	// true 2067 city.name
	// another row has this key already (constraint city.name): update that row, or choose another key
}

// The transaction is run again when another one got in between, so fn reads what it needs each time.
func ExampleConn_InTx() {
	ctx := context.Background()
	db, err := conn.OpenURL(ctx, "sqlite::memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE account (name TEXT, balance INT); INSERT INTO account VALUES ('ada', 100), ('bob', 0)"); err != nil {
		log.Fatal(err)
	}

	move := func(amount int) error {
		return db.InTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable}, func(tx *sql.Tx) error {
			var balance int
			if err := tx.QueryRowContext(ctx, "SELECT balance FROM account WHERE name = 'ada'").Scan(&balance); err != nil {
				return err
			}
			if balance < amount {
				return errors.New("not enough money") // rolls back
			}
			if _, err := tx.ExecContext(ctx, "UPDATE account SET balance = balance - ? WHERE name = 'ada'", amount); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "UPDATE account SET balance = balance + ? WHERE name = 'bob'", amount)
			return err
		})
	}
	for range 2 {
		switch err := move(70); {
		case errors.Is(err, conn.ErrCommitUnknown):
			fmt.Println("look whether it was moved:", err)
		case err != nil:
			fmt.Println("not moved:", err)
		default:
			fmt.Println("moved")
		}
	}
	// Output:
	// moved
	// not moved: not enough money
}

// With readers in the config a program reads through Reader, and writes through the Conn itself.
func ExampleConn_Reader() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := conn.Open(ctx, conn.Config{Dialect: "sqlite", Filename: filepath.Join(dir, "app.db"), Readers: &conn.Config{}})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close() // and the pool for reading
	if _, err := db.ExecContext(ctx, "CREATE TABLE item (name TEXT); INSERT INTO item VALUES ('tea')"); err != nil {
		log.Fatal(err)
	}

	var name string
	if err := db.Reader().QueryRowContext(ctx, "SELECT name FROM item").Scan(&name); err != nil {
		log.Fatal(err)
	}
	fmt.Println(name)
	_, err = db.Reader().ExecContext(ctx, "DELETE FROM item")
	fmt.Println(conn.KindOf(err))
	// Output:
	// tea
	// read only
}

func ExampleWithObserver() {
	bus := observer.New()
	observer.On(bus, func(e conn.Opened) { fmt.Println(e.EventName(), e.Name, e.Dialect) })
	observer.On(bus, func(e conn.Closed) { fmt.Println(e.EventName(), e.Name, e.Dialect) })

	db, err := conn.OpenURL(context.Background(), "sqlite::memory:", conn.WithObserver(bus), conn.WithName("orders"))
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// connection:open orders sqlite
	// connection:close orders sqlite
}
