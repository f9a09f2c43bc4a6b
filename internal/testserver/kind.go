package testserver

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/registry"
)

// kind is what PostgreSQL, MariaDB and PgBouncer differ in.
type kind struct {
	dialect   string
	product   string
	users     []string // whom to run it as where the test is run by root, the first that exists
	database  string
	ask       func(registry.Config) string // what a given server is
	find      func() (programs, error)
	install   func(programs, *Server) *exec.Cmd // fills the empty data folder of a pristine server
	configure func(*Server) error               // writes the files that a start needs
	command   func(programs, *Server) *exec.Cmd // the server itself
	socket    func(*Server) string              // what a Config's Host takes
	ready     string                            // in the log: it takes logins
	starting  string                            // in the log: it refuses logins, as Options.Starting asks; empty: cannot
	taken     string                            // in the log: its port is not free
	version   *regexp.Regexp                    // in the log: what and which it is
	stop      syscall.Signal                    // ends sessions and leaves clean files
	kill      syscall.Signal                    // ends at once, and still leaves nothing in memory

	once    sync.Once
	common  *Server // the server that the tests of this process share
	failure error

	pristine func() (*Server, error) // initialized once, never started, copied for each server; nil: there are no data
}

// programs are the two that a server needs. MySQL's is one for both.
type programs struct {
	server, install string
	mysql           bool // it is MySQL, not MariaDB
}

// missingError says why there is no private server to test with.
type missingError struct{ reason string }

func (e *missingError) Error() string { return e.reason }

// launch starts a private server at a port that pick returns.
func (k *kind) launch(opts Options, pick func() (int, error)) (*Server, error) {
	programs, err := k.find()
	if err != nil {
		return nil, err
	}
	s, err := k.newServer()
	if err != nil {
		return nil, err
	}
	s.programs = programs
	if err := k.furnish(s); err != nil {
		s.remove()
		return nil, err
	}
	for range 5 {
		if s.Port, err = pick(); err != nil {
			break
		}
		s.Socket = k.socket(s)
		if err = s.start(opts); !errors.Is(err, errTaken) {
			break
		}
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// furnish gives a server its data folder, if the kind has one.
func (k *kind) furnish(s *Server) error {
	if k.pristine == nil {
		return nil
	}
	pristine, err := k.pristine()
	if err != nil {
		return err
	}
	// As the server's user, whose the files stay, and with the modes that the server insists on.
	if err := run(exec.Command("cp", "-Rp", pristine.data(), s.data()), s.home, s.account); err != nil {
		return fmt.Errorf("copy a pristine data folder: %w", err)
	}
	return nil
}

func (k *kind) makePristine() (*Server, error) {
	programs, err := k.find()
	if err != nil {
		return nil, err
	}
	s, err := k.newServer()
	if err != nil {
		return nil, err
	}
	err = s.write(s.file("password"), s.Password)
	if err == nil {
		err = run(k.install(programs, s), s.home, s.account)
	}
	if err != nil {
		s.remove()
		return nil, fmt.Errorf("initialize a data folder of %s: %w", k.dialect, err)
	}
	return s, nil
}

func (k *kind) newServer() (*Server, error) {
	account, err := unprivileged(k.users)
	if err != nil {
		return nil, err
	}
	h, err := home()
	if err != nil {
		return nil, err
	}
	dir, err := h.mkdir(account)
	if err != nil {
		return nil, err
	}
	return &Server{
		Host: "127.0.0.1", User: admin, Password: password(), Database: k.database,
		CA: authority(), Client: clientPair(), kind: k, home: dir, account: account,
	}, nil
}

// loopback is the list of addresses that a server listens on.
func loopback() string {
	if testport.HasIPv6() {
		return "127.0.0.1,::1"
	}
	return "127.0.0.1"
}

// findFile returns the first file of one of the names in one of the folders.
func findFile(folders, names []string) string {
	for _, name := range names {
		for _, folder := range folders {
			if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
				return path
			}
		}
	}
	return ""
}

const patience = 60 * time.Second // for a start on a machine that is busy with other things
