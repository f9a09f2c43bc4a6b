package credentials_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/registry"
)

func TestAFileIsReadAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	ask, err := credentials.New(registry.Config{PasswordFile: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t.Context(), credentials.Request{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
	for text, want := range map[string]string{"hunter2": "hunter2", "hunter2\n": "hunter2", "hunter2\r\n": "hunter2", "two\n\n": "two\n", " a b ": " a b "} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if login, err := ask(t.Context(), credentials.Request{}); err != nil || login.Password.Reveal() != want || login.User != "" {
			t.Errorf("%q is read as %q, %v", text, login.Password.Reveal(), err)
		}
	}
	for text, want := range map[string]string{"": "is an empty file", "\n": "is an empty file", strings.Repeat("x", 70_000): "larger than 64 KiB"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t.Context(), credentials.Request{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a file of %d bytes: %v", len(text), err)
		}
	}
}

func TestAProviderIsFoundByItsName(t *testing.T) {
	credentials.Register("test", func(options map[string]string) (credentials.Func, error) {
		if err := credentials.Options(options, "vault!", "role"); err != nil {
			return nil, err
		}
		return func(context.Context, credentials.Request) (registry.Login, error) {
			return registry.Login{User: options["vault"]}, nil
		}, nil
	})
	of := func(provider string, options map[string]string) (credentials.Func, error) {
		return credentials.New(registry.Config{Credentials: registry.Credentials{Provider: provider, Options: options}})
	}
	ask, err := of("test", map[string]string{"vault": "v"})
	if err != nil {
		t.Fatal(err)
	}
	if login, err := ask(t.Context(), credentials.Request{}); login.User != "v" || err != nil {
		t.Errorf("got %+v, %v", login, err)
	}
	for want, c := range map[string]struct {
		provider string
		options  map[string]string
	}{
		"credentials.provider is not known in this program: use test, or import": {"vault", nil},
		"credentials.vault is empty: the provider needs it":                      {"test", nil},
		"credentials.rule is not known: use one of vault, role":                  {"test", map[string]string{"vault": "v", "rule": "hunter2"}},
	} {
		_, err := of(c.provider, c.options)
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if ask, err := credentials.New(registry.Config{}); ask != nil || err != nil {
		t.Errorf("a config without either gives %v", err)
	}
}

// source counts how often it is asked, and gives a new login each time.
type source struct {
	asked   atomic.Int32
	takes   time.Duration
	expires time.Duration // 0: never
	err     atomic.Pointer[error]
}

func (s *source) ask(ctx context.Context, _ credentials.Request) (registry.Login, error) {
	n := s.asked.Add(1)
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return registry.Login{}, context.Cause(ctx)
	}
	if err := s.err.Load(); err != nil {
		return registry.Login{}, *err
	}
	login := registry.Login{Password: registry.NewSecret(strings.Repeat("x", int(n)))}
	if s.expires > 0 {
		login.Expires = time.Now().Add(s.expires)
	}
	return login, nil
}

// version says which answer a login is.
func version(login registry.Login) int { return len(login.Password.Reveal()) }

func TestManyConnectionsAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second}
		ask := credentials.Cached(s.ask)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if login, err := ask(t.Context(), credentials.Request{}); err != nil || version(login) != 1 {
					t.Errorf("got %d, %v", version(login), err)
				}
			})
		}
		all.Wait()
		if _, err := ask(t.Context(), credentials.Request{Config: registry.Config{User: "other"}}); err != nil || s.asked.Load() != 2 {
			t.Errorf("asked %d times for two users, %v", s.asked.Load(), err)
		}
	})
}

func TestALoginIsRefreshedBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second, expires: 100 * time.Second}
		ask := credentials.Cached(s.ask)
		for _, step := range []struct {
			wait    time.Duration
			version int
			took    time.Duration
		}{
			{0, 1, time.Second},
			{79 * time.Second, 1, 0},            // not yet
			{2 * time.Second, 1, 0},             // due, and the old one is still good
			{2 * time.Second, 2, 0},             // the new one is there
			{200 * time.Second, 3, time.Second}, // it has expired while nobody asked
		} {
			time.Sleep(step.wait)
			start := time.Now()
			login, err := ask(t.Context(), credentials.Request{})
			if took := time.Since(start); err != nil || version(login) != step.version || took != step.took {
				t.Errorf("after %v more: version %d after %v, %v; want %+v", step.wait, version(login), took, err, step)
			}
		}
	})
}

func TestARefusedLoginIsAskedForAnewByAllTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second}
		ask := credentials.Cached(s.ask)
		if _, err := ask(t.Context(), credentials.Request{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond) // some while it is under way, some after
				if login, err := ask(t.Context(), credentials.Request{Refused: true}); err != nil || version(login) != 2 {
					t.Errorf("got %d, %v", version(login), err)
				}
			})
		}
		all.Wait()
		if s.asked.Load() != 2 {
			t.Errorf("asked %d times", s.asked.Load())
		}
	})
}

func TestAQuestionOutlivesItsCallerAndErrorsAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: 10 * time.Second}
		ask := credentials.Cached(s.ask)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := ask(ctx, credentials.Request{}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "waiting for the login") {
			t.Errorf("a caller with a second: %v", err)
		}
		if login, err := ask(t.Context(), credentials.Request{}); err != nil || version(login) != 1 || s.asked.Load() != 1 {
			t.Errorf("the next caller: %d, %v, asked %d times", version(login), err, s.asked.Load())
		}

		sealed := errors.New("the vault is sealed")
		s.err.Store(&sealed)
		time.Sleep(time.Minute)
		for range 2 {
			if _, err := ask(t.Context(), credentials.Request{Refused: true}); !errors.Is(err, sealed) {
				t.Errorf("got %v", err)
			}
		}
		if login, err := ask(t.Context(), credentials.Request{}); err != nil || version(login) != 1 || s.asked.Load() != 3 {
			t.Errorf("the old login is gone: %d, %v, asked %d times", version(login), err, s.asked.Load())
		}
		s.takes = time.Hour
		start := time.Now()
		if _, err := ask(t.Context(), credentials.Request{Refused: true}); err == nil || time.Since(start) != 30*time.Second {
			t.Errorf("a question without an end takes %v: %v", time.Since(start), err)
		}
	})
}

func TestAFunctionThatPanicsOrExitsIsAnError(t *testing.T) {
	for want, f := range map[string]func(){
		"panicked: hunter":    func() { panic("hunter") },
		"ended its goroutine": runtime.Goexit,
	} {
		ask := credentials.Cached(func(context.Context, credentials.Request) (registry.Login, error) {
			f()
			return registry.Login{}, nil
		})
		for range 2 {
			if _, err := ask(t.Context(), credentials.Request{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
}

// The Env for a driver asks for the config that it was made with, and fills in its user.
func TestEnvAsksAsTheConfigSays(t *testing.T) {
	if env, err := credentials.Env(registry.Config{User: "u", Password: registry.NewSecret("p")}); env.Credentials != nil || err != nil {
		t.Errorf("with the password in the config: %v", err)
	}
	if _, err := credentials.Env(registry.Config{Credentials: registry.Credentials{Provider: "nobody"}}); err == nil {
		t.Error("a provider that is not known is taken")
	}
	cfg := registry.Config{User: "u", Database: "d", Params: map[string]string{"a": "b"}}
	ask := credentials.Func(func(_ context.Context, r credentials.Request) (registry.Login, error) {
		if !r.Refused || r.Config.Params["a"] != "b" {
			t.Errorf("asked for %+v", r)
		}
		return registry.Login{Password: registry.NewSecret("p")}, nil
	}).For(cfg)
	cfg.Params["a"] = "changed"
	if login, err := ask(t.Context(), true); login.User != "u" || login.Password.Reveal() != "p" || err != nil {
		t.Errorf("got %+v, %v", login, err)
	}
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env, err := credentials.Env(registry.Config{User: "u", PasswordFile: path})
	if err != nil {
		t.Fatal(err)
	}
	if login, err := env.Credentials(t.Context(), false); login.User != "u" || login.Password.Reveal() != "p" || err != nil {
		t.Errorf("from a file: %+v, %v", login, err)
	}
}
