package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/registry"
)

func port(n uint16) string { return strconv.Itoa(int(n)) }

// variables lists the environment variables that pgx names in its source.
func variables(t testing.TB) []string {
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/jackc/pgx/v5/pgconn").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "config.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`"(PG[A-Z]+)":`).FindAllStringSubmatch(string(source), -1) {
		names = append(names, match[1])
	}
	for _, known := range []string{"PGHOST", "PGSERVICE", "PGOPTIONS", "PGSSLCERTMODE"} {
		if !slices.Contains(names, known) {
			t.Fatalf("%s is not among %v: look at how pgx names them now", known, names)
		}
	}
	return names
}

// poison sets everything that pgx reads beside its connection string to nonsense.
func poison(t *testing.T) {
	home := t.TempDir()
	for file, text := range map[string]string{
		".pgpass": "*:*:*:*:from-the-file\n", ".pg_service.conf": "[nonsense]\nhost=elsewhere.invalid\nuser=intruder\nsslmode=disable\nwork_mem=1MB\n",
		".postgresql/root.crt": "nonsense", ".postgresql/postgresql.crt": "nonsense", ".postgresql/postgresql.key": "nonsense",
	} {
		path := filepath.Join(home, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	for _, name := range variables(t) {
		t.Setenv(name, "nonsense")
	}
}

// comparable is a config without what is never equal.
func comparable(t *testing.T, cfg registry.Config) pgconn.Config {
	config, err := build(cfg, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	plain := config.Config
	plain.DialFunc, plain.LookupFunc, plain.BuildFrontend, plain.BuildContextWatcherHandler = nil, nil, nil, nil
	plain.OnPgError, plain.ValidateConnect = nil, nil
	return plain
}

func TestTheEnvironmentChangesNothing(t *testing.T) {
	cfgs := []registry.Config{
		{User: "app"},
		{User: "app", Host: "db.example", TLS: &registry.TLS{SkipVerify: true}, Session: map[string]string{"timezone": "Europe/Zurich"}},
	}
	var want []pgconn.Config
	for _, cfg := range cfgs {
		want = append(want, comparable(t, cfg))
	}
	poison(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for i, cfg := range cfgs {
		if got := comparable(t, cfg); !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%v: got %+v, want %+v", cfg, got, want[i])
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("a file is left behind: %v, %v", left, err)
	}
	if os.Getenv("PGSERVICE") != "nonsense" {
		t.Error("the environment of the process was changed")
	}
}

func TestServiceThatCannotBeShutOut(t *testing.T) {
	t.Setenv("PGSERVICE", "nonsense")
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	c, err := newConnector(registry.Config{User: "app"}, registry.Env{})
	if err != nil {
		t.Fatalf("making a connector writes a file: %v", err) // A10
	}
	_, err = c.Connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "PGSERVICE") {
		t.Errorf("got %v, want an error that names PGSERVICE", err)
	}
}

var useEnvironment = map[string]string{"environment": "use"}

func TestTheEnvironmentIsUsedWhenAskedFor(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.WriteFile(filepath.Join(home, ".pgpass"), []byte("db.example:6432:shop:app:from-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PGHOST": "env.example", "PGPORT": "6432", "PGUSER": "env", "PGDATABASE": "envdb", "PGPASSWORD": "",
		"PGAPPNAME": "envapp", "PGOPTIONS": "-c work_mem=1MB", "PGTZ": "Europe/Zurich", "PGSSLMODE": "prefer",
	} {
		t.Setenv(name, value)
	}

	got := comparable(t, registry.Config{Params: useEnvironment})
	if got.Host != "env.example" || got.Port != 6432 || got.User != "env" || got.Database != "envdb" ||
		got.RuntimeParams["application_name"] != "envapp" || got.RuntimeParams["options"] != "-c work_mem=1MB" ||
		got.RuntimeParams["timezone"] != "Europe/Zurich" || got.RuntimeParams["client_encoding"] != "UTF8" {
		t.Errorf("the environment is not used: %+v", got)
	}
	if got.TLSConfig != nil || len(got.Fallbacks) > 0 {
		t.Error("sslmode=prefer is not plaintext")
	}

	got = comparable(t, registry.Config{
		Host: "db.example", User: "app", Database: "shop", AppName: "mine",
		Params: useEnvironment, Session: map[string]string{"timezone": "UTC"},
	})
	if got.Host != "db.example" || got.Port != 6432 || got.User != "app" || got.Database != "shop" ||
		got.RuntimeParams["application_name"] != "mine" || got.RuntimeParams["timezone"] != "UTC" {
		t.Errorf("the config does not win: %+v", got)
	}

	got = comparable(t, registry.Config{Host: "db.example", Port: 6432, User: "app", Database: "shop", Params: useEnvironment})
	if got.Password != "from-the-file" {
		t.Error("the password file is not used")
	}
	got = comparable(t, registry.Config{Host: "db.example", Port: 6432, User: "app", Database: "shop", Password: registry.NewSecret("mine"), Params: useEnvironment})
	if got.Password != "mine" {
		t.Error("the password of the config does not win")
	}

	for mode, want := range map[string]string{
		"disable": "env.example/6432", "allow": "env.example/6432", "require": "env.example/6432!env.example", "verify-full": "env.example/6432!env.example",
	} {
		t.Setenv("PGSSLMODE", mode)
		if got := hosts(t, registry.Config{Params: useEnvironment}); got != want {
			t.Errorf("sslmode=%s: got %s, want %s", mode, got, want)
		}
	}
	t.Setenv("PGSSLMODE", "prefer")
	t.Setenv("PGHOST", "a,b")
	if got := hosts(t, registry.Config{Params: useEnvironment, TLS: &registry.TLS{}}); got != "a/6432!a b/6432!b" {
		t.Errorf("ssl=true with two hosts from the environment: got %s", got)
	}
}

// The certificates of before serve while files are written, also with a host that the environment names.
func TestCertificatesFromFilesWithTheEnvironment(t *testing.T) {
	t.Setenv("PGHOST", "db.example")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(ca, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := testcert.NewCA("x").PEM
	write(text)
	c, err := newConnector(registry.Config{Dialect: "postgres", User: "app", TLS: &registry.TLS{CAFile: ca}, Params: useEnvironment}, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.build()
	if err != nil {
		t.Fatal(err)
	}
	write(text[:len(text)/2])
	if half, err := c.build(); err != nil || half.TLSConfig == nil || !half.TLSConfig.RootCAs.Equal(before.TLSConfig.RootCAs) {
		t.Errorf("with half of a file: %v", err)
	}
}

func TestErrorsDoNotQuoteTheEnvironment(t *testing.T) {
	for _, name := range []string{"PGSSLMODE", "PGPORT", "PGCONNECT_TIMEOUT", "PGTARGETSESSIONATTRS", "PGSERVICE"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PGHOST", "db.example")
			t.Setenv(name, "hunter2")
			_, err := build(registry.Config{User: "app", Password: registry.NewSecret("hunter3"), Params: useEnvironment}, registry.Env{})
			if err == nil || strings.Contains(err.Error(), "hunter") {
				t.Errorf("got %v, want an error without the value", err)
			}
		})
	}
}

func TestQuotingIsThatOfLibpq(t *testing.T) {
	for _, text := range []string{"", " ", "a b", `'`, `\`, `\'`, `a\\b`, "x' sslmode='disable", "é", "=", `'' host='x`} {
		config, err := pgconn.ParseConfig(connString([]nameValue{{"database", "before"}, {"database", text}, {"user", "app"}, {"sslmode", "disable"}}))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if config.Database != text || config.User != "app" {
			t.Errorf("%q comes back as %q", text, config.Database)
		}
	}
}
