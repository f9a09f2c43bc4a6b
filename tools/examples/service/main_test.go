package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/observer"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// service is one that runs until the test ends.
type service struct {
	t       *testing.T
	address string
	dir     string
	reloads chan configfile.Reloaded
}

// write puts a file in the place of another one, as an editor or Kubernetes does.
func (s *service) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path)); err != nil {
		s.t.Fatal(err)
	}
}

func start(t *testing.T, app string) *service {
	s := &service{t: t, dir: t.TempDir(), reloads: make(chan configfile.Reloaded, 99)}
	s.write("app.yaml", app)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	m := manager.New(manager.WithObserver(observer.New()))
	observer.On(m.Observer(), func(e configfile.Reloaded) { s.reloads <- e })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, l, m, filepath.Join(s.dir, "app.yaml"), configfile.WithInterval(5*time.Millisecond))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the service ended in %v", err)
		}
	})
	return s
}

// reload waits until the service has read the file.
func (s *service) reload() configfile.Reloaded {
	s.t.Helper()
	select {
	case e := <-s.reloads:
		return e
	case <-time.After(30 * time.Second):
		s.t.Fatal("the file was not read")
		return configfile.Reloaded{}
	}
}

func (s *service) get(name string) (status int, body string, err error) {
	response, err := http.Get("http://" + s.address + "/" + name)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func (s *service) expect(what, name string, status int) {
	s.t.Helper()
	if got, body, err := s.get(name); got != status || err != nil {
		s.t.Errorf("%s: /%s answers %d %s, %v; want %d", what, name, got, body, err, status)
	}
}

// load asks for a connection all the time, and fails the test at every answer that is not good.
func (s *service) load(name string) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					if i > 9 { // also where all else was quicker
						return
					}
				default:
				}
				s.expect("under load", name, http.StatusOK)
			}
		})
	}
	return func() { close(done); wg.Wait() }
}

func TestServiceSurvives(t *testing.T) {
	pg, maria := testserver.StartPostgres(t, testserver.Options{}), testserver.MariaDB(t)
	u := testuser.New(t, pg)
	cfg := u.Config()
	// Every request connects, so that it shows what holds at the moment.
	app := fmt.Sprintf(`
version: 1
connections:
  main: {dialect: postgres, host: %s, port: %d, user: %s, passwordFile: password, database: %s, retry: {max: -1}, pool: {maxIdle: -1}}
`, cfg.Host, cfg.Port, cfg.User, cfg.Database)

	pg.Stop(t)
	s := start(t, app)
	s.write("password", cfg.Password.Reveal())
	if e := s.reload(); e.Err != nil {
		t.Fatal(e.Err)
	}
	s.expect("without the database", "main", http.StatusServiceUnavailable)
	pg.Restart(t, testserver.Options{})
	s.expect("with the database", "main", http.StatusOK)
	s.expect("nothing", "", http.StatusServiceUnavailable)

	stop := s.load("main")
	s.write("app.yaml", app+"  second: {dialect: mysql, hsot: hunter2}\n")
	if e := s.reload(); e.Err == nil || !strings.Contains(e.Err.Error(), `did you mean "host"`) || strings.Contains(e.Err.Error(), "hunter2") {
		t.Errorf("with a mistake in the file: %v", e.Err)
	}
	second := maria.Config()
	s.write("app.yaml", app+fmt.Sprintf("  second: 'mysql://%s:%s@%s:%d/%s'\n", second.User, second.Password.Reveal(), second.Host, second.Port, second.Database))
	if e := s.reload(); e.Err != nil || len(e.Names) != 2 {
		t.Errorf("with a database more: %v, %v", e.Names, e.Err)
	}
	s.expect("added", "second", http.StatusOK)
	stop()

	for range 3 {
		old, password := u.Config(), rand.Text()
		u.SetPassword(password)
		s.write("password", password+"\n")
		if err := conn.Test(t.Context(), old, conn.WithObserver(nil)); conn.KindOf(err) != conn.KindAuth {
			t.Errorf("with the old password: %v", err)
		}
		s.expect("with another password", "main", http.StatusOK)
	}
}

func TestServiceSaysWhatIsWrongAtFirst(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.yaml")
	if err := serve(t.Context(), l, manager.New(manager.WithObserver(nil)), path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
