// Package pgpass is a provider that finds the password in a password file of libpq: importing it registers "pgpass".
// The option file is its path; the default is that of libpq, PGPASSFILE or .pgpass in the home folder. The file is
// read anew for every physical connection. https://www.postgresql.org/docs/current/libpq-pgpass.html
package pgpass

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/jackc/pgpassfile"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { credentials.Register("pgpass", provider) }

func provider(options map[string]string) (credentials.Func, error) {
	if err := credentials.Options(options, "file"); err != nil {
		return nil, err
	}
	return New(options["file"]), nil
}

// New returns a function that looks the password up in a file; an empty path is that of libpq.
func New(path string) credentials.Func {
	return func(_ context.Context, r credentials.Request) (registry.Login, error) {
		path, err := locate(path)
		if err != nil {
			return registry.Login{}, err
		}
		if err := checkMode(path); err != nil {
			return registry.Login{}, err
		}
		file, err := pgpassfile.ReadPassfile(path)
		if err != nil {
			return registry.Login{}, fmt.Errorf("read the password file of libpq: %w", err)
		}
		cfg := r.Config
		host := cmp.Or(cfg.Host, "localhost")
		if host[0] == '/' { // as libpq looks a socket in its usual folder up
			host = "localhost"
		}
		port := cfg.Port
		if port == 0 {
			info, _ := registry.Describe(cfg.Dialect)
			port = info.Port
		}
		password := file.FindPassword(host, strconv.Itoa(port), cmp.Or(cfg.Database, cfg.User), cfg.User)
		if password == "" {
			return registry.Login{}, fmt.Errorf("the password file %s has no line for this host, port, database and user", path)
		}
		return registry.Login{Password: registry.NewSecret(password)}, nil
	}
}

func locate(path string) (string, error) {
	if path = cmp.Or(path, os.Getenv("PGPASSFILE")); path != "" {
		return path, nil
	}
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("APPDATA"), "postgresql", "pgpass.conf"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the password file of libpq: %w", err)
	}
	return filepath.Join(home, ".pgpass"), nil
}

// checkMode refuses a file that others may read, which libpq ignores with a warning.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read the password file of libpq: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("the password file %s may be read by others: chmod 600 it, as libpq wants", path)
	}
	return nil
}
