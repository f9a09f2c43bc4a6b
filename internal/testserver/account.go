package testserver

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// account is whom a server runs as; nil: as the tests do.
type account struct{ uid, gid uint32 }

// unprivileged returns the first of the users that exists if the tests are run by root, as whom initdb and
// mariadbd refuse to run.
func unprivileged(names []string) (*account, error) {
	if !isRoot() {
		return nil, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("look up the user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("look up the group of the user %s: %w", name, err)
		}
		return &account{uint32(uid), uint32(gid)}, nil
	}
	return nil, fmt.Errorf("start a server as root: none of the users %s, as whom it could run, exists", strings.Join(names, ", "))
}

func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

func writeFile(path, text string, a *account) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return a.own(path)
}
