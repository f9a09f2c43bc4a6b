package native_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/drivers/postgres/native"
	"github.com/patchbay-go/patchbay/registry"
)

func ExampleConnConfig() {
	config, err := native.ConnConfig(registry.Config{
		Dialect: "postgres",
		DSN:     registry.NewSecret("host=db.example user=app password=secret dbname=shop sslmode=verify-full"),
		Session: map[string]string{"statement_timeout": "5s"},
	}, registry.Env{})
	if err != nil {
		log.Fatal(err)
	}
	config.StatementCacheCapacity = 64 // a setting that pgx has
	fmt.Println(config.Host, config.Port, config.Database, config.TLSConfig.ServerName, config.RuntimeParams["statement_timeout"])
	// Output: db.example 5432 shop db.example 5s
}

func ExamplePoolConfig() {
	cfg, err := registry.ParseURL("postgres://app@db.example/shop?passwordFile=/run/secrets/db&pool.max=5&pool.min=1")
	if err != nil {
		log.Fatal(err)
	}
	env, err := credentials.Env(cfg) // which reads the file for each connection
	if err != nil {
		log.Fatal(err)
	}
	config, err := native.PoolConfig(cfg, env)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.MaxConns, config.MinConns, config.MaxConnIdleTime)

	config.MinConns = 0 // what is needed beyond Patchbay is set here
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	pool.Close()
	// Output: 5 1 5m0s
}
