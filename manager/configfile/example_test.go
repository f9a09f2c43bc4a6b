package configfile_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/configfile"
)

// A program opens what its config file names, and takes changes of the file while it runs.
func ExampleFollow() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.yaml")
	if err := os.WriteFile(path, []byte("connections: {main: 'sqlite::memory:'}"), 0o600); err != nil {
		log.Fatal(err)
	}

	configs, err := configfile.Load(path)
	if err != nil {
		log.Fatal(err)
	}
	m := manager.New(manager.WithConfigs(configs))
	defer m.CloseAll(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go configfile.Follow(ctx, path, m) // as a server is run

	db, err := m.Named(ctx, "main")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(db.Name(), db.Dialect())
	// Output: main sqlite
}
