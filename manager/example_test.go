package manager_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// The whole line once: a database file that the sqlite3 program made is opened by its name in a map of configs,
// read, and closed, and those who listen hear of it. Reading leaves the file as it was.
func Example() {
	const file = "../drivers/sqlite/internal/sqlite/testdata/made-by-sqlite3.db"
	before, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}

	bus := observer.New()
	observer.On(bus, func(e conn.Opened) { fmt.Println(e.EventName(), e.Name, e.Dialect) })
	observer.On(bus, func(e conn.Closed) { fmt.Println(e.EventName(), e.Name) })

	m := manager.New(manager.WithObserver(bus), manager.WithConfigs(map[string]conn.Config{
		"atlas": {Dialect: "sqlite", Filename: file, Params: map[string]string{"mode": "ro"}},
	}))
	ctx := context.Background()
	db, err := m.Named(ctx, "atlas")
	if err != nil {
		log.Fatal(err)
	}
	rows, err := db.QueryContext(ctx, "SELECT name, area FROM city ORDER BY area")
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		var name string
		var area float64
		if err := rows.Scan(&name, &area); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %.1f km²\n", name, area)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	if err := m.CloseAll(ctx); err != nil {
		log.Fatal(err)
	}

	after, err := os.ReadFile(file)
	fmt.Println("unchanged:", err == nil && bytes.Equal(before, after))
	// Output:
	// connection:open atlas sqlite
	// Genève: 15.9 km²
	// Zürich: 87.9 km²
	// Brasília: 5760.8 km²
	// connection:close atlas
	// unchanged: true
}

// A service with a database for each tenant keeps a hundred of them open, and those that are not used for ten
// minutes not at all.
func ExampleNew() {
	m := manager.New(
		manager.WithLimit(100),
		manager.WithIdleTime(10*time.Minute),
		manager.WithConnOptions(conn.WithCheckInterval(time.Minute)),
	)
	defer m.CloseAll(context.Background())
	fmt.Println(m.Names())
	// Output: []
}

// Some databases are reached in another way than the rest, which no config file can say.
func ExampleWithConnOptionsFunc() {
	vault := func(context.Context, conn.LoginRequest) (conn.Login, error) {
		return conn.Login{}, errors.New("the vault is sealed")
	}
	m := manager.New(
		manager.WithObserver(nil),
		manager.WithConfigs(map[string]conn.Config{
			"orders": {Dialect: "sqlite", Filename: ":memory:"},
			"audit":  {Dialect: "sqlite", Filename: ":memory:"},
		}),
		manager.WithConnOptionsFunc(func(name string, cfg conn.Config) []conn.Option {
			if name == "audit" {
				return []conn.Option{conn.WithCredentials(vault)}
			}
			return nil
		}),
	)
	defer m.CloseAll(context.Background())
	for _, name := range []string{"orders", "audit"} {
		_, err := m.Named(context.Background(), name)
		fmt.Println(name, err)
	}
	// Output:
	// orders <nil>
	// audit connection "audit" (sqlite :memory:): config: credentials has no meaning for sqlite, which opens files: leave it out
}

func ExampleManager_Get() {
	m := manager.New()
	defer m.CloseAll(context.Background())
	ctx := context.Background()

	cfg := conn.Config{Dialect: "sqlite", Filename: ":memory:"}
	first, err := m.Get(ctx, "scratch", cfg)
	if err != nil {
		log.Fatal(err)
	}
	second, err := m.Get(ctx, "scratch", cfg)
	fmt.Println(first == second, err)

	_, err = m.Get(ctx, "scratch", conn.Config{Dialect: "sqlite", Filename: "other.db"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// connection "scratch" is open with another config, which differs in filename: call Replace to change it, or use another name
}

func ExampleManager_Named() {
	m := manager.New(manager.WithConfigs(map[string]conn.Config{
		"orders": {Dialect: "sqlite", Filename: ":memory:"},
	}))
	defer m.CloseAll(context.Background())

	orders, err := m.Named(context.Background(), "orders")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(orders.Name(), orders.Dialect())

	_, err = m.Named(context.Background(), "order")
	fmt.Println(err)
	// Output:
	// orders sqlite
	// unknown connection "order": did you mean "orders"? give its config to WithConfigs or Reload, or open it with Get
}

// A lease keeps a connection open, whatever happens to its name meanwhile.
func ExampleManager_Acquire() {
	m := manager.New(manager.WithLimit(1))
	defer m.CloseAll(context.Background())
	ctx := context.Background()
	cfg := conn.Config{Dialect: "sqlite", Filename: ":memory:"}

	lease, err := m.Acquire(ctx, "report", cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer lease.Release()
	if err := m.Replace(ctx, "report", cfg); err != nil {
		log.Fatal(err)
	}
	var one int
	err = lease.Conn().QueryRowContext(ctx, "SELECT 1").Scan(&one)
	fmt.Println(one, err)
	for _, s := range m.Stats() {
		fmt.Println(s.Name, s.State, s.Leases)
	}
	// Output:
	// 1 <nil>
	// report draining 1
	// report open 0
}

func ExampleManager_Replace() {
	m := manager.New()
	defer m.CloseAll(context.Background())
	ctx := context.Background()

	old := conn.Config{Dialect: "sqlite", Filename: ":memory:"}
	if _, err := m.Get(ctx, "settings", old); err != nil {
		log.Fatal(err)
	}
	next := conn.Config{Dialect: "sqlite", Filename: ":memory:", Params: map[string]string{"foreign_keys": "off"}}
	fmt.Println(m.Replace(ctx, "settings", next))
	_, err := m.Get(ctx, "settings", old)
	fmt.Println(err)
	// Output:
	// <nil>
	// connection "settings" is open with another config, which differs in params.foreign_keys: call Replace to change it, or use another name
}

func ExampleManager_Reload() {
	memory := conn.Config{Dialect: "sqlite", Filename: ":memory:"}
	m := manager.New(manager.WithConfigs(map[string]conn.Config{"orders": memory, "archive": memory}))
	defer m.CloseAll(context.Background())
	ctx := context.Background()

	for _, name := range []string{"orders", "archive"} {
		if _, err := m.Named(ctx, name); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(m.Names())
	// The file was changed, and the program has read it again.
	if err := m.Reload(ctx, map[string]conn.Config{"orders": memory, "reports": memory}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Names())
	// Output:
	// [archive orders]
	// [orders]
}

func ExampleManager_CloseAll() {
	m := manager.New()
	ctx := context.Background()
	for _, name := range []string{"orders", "reports"} {
		if _, err := m.Get(ctx, name, conn.Config{Dialect: "sqlite", Filename: ":memory:"}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(m.Names(), m.Has("orders"))
	fmt.Println(m.CloseAll(ctx))
	fmt.Println(m.Names(), m.Has("orders"))
	// Output:
	// [orders reports] true
	// <nil>
	// [] false
}

// What was opened elsewhere is found by its name, and closed with the rest.
func ExampleManager_Track() {
	ctx := context.Background()
	orders, err := conn.OpenURL(ctx, "sqlite::memory:", conn.WithName("orders"))
	if err != nil {
		log.Fatal(err)
	}
	m := manager.New()
	fmt.Println(m.Track(orders), m.Names())
	fmt.Println(m.CloseAll(ctx), orders.Ping())
	// Output:
	// <nil> [orders]
	// <nil> sql: database is closed
}

// The library installs no handler of signals; a program that wants one calls CloseOn.
func ExampleManager_CloseOn() {
	m := manager.New()
	ctx, stop := context.WithCancel(context.Background())
	closed := make(chan error)
	go func() { closed <- m.CloseOn(ctx, os.Interrupt, syscall.SIGTERM) }()

	if _, err := m.Get(ctx, "orders", conn.Config{Dialect: "sqlite", Filename: ":memory:"}); err != nil {
		log.Fatal(err)
	}
	stop() // or the user presses Ctrl-C
	fmt.Println(<-closed, m.Names())
	// Output: <nil> []
}
