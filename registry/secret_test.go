package registry_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

const hidden = "hunter2-Zq9"

func secretConfig() registry.Config {
	return registry.Config{
		Dialect: "postgres", Host: "db", User: "app", Password: registry.NewSecret(hidden),
		Readers: &registry.Config{Password: registry.NewSecret(hidden), TLS: &registry.TLS{Key: registry.NewSecret(hidden)}},
		TLS:     &registry.TLS{Cert: "-----BEGIN CERTIFICATE-----", Key: registry.NewSecret("-----BEGIN PRIVATE KEY-----" + hidden)},
		Params:  map[string]string{"password": hidden, "api_token": hidden, "dsn": "postgres://u:" + hidden + "@h", "mode": "rw"},
	}
}

// everyWay returns v in every form that the standard library can give it.
func everyWay(v any) map[string]string {
	all := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%T", "% x", "%10.3s", "%e", "%t", "%c", "%U"} {
		all[verb] = fmt.Sprintf(verb, v)
	}
	all["Sprint"] = fmt.Sprint(v)
	j, err := json.Marshal(v)
	all["json"] = fmt.Sprint(string(j), err)
	x, err := xml.Marshal(v)
	all["xml"] = fmt.Sprint(string(x), err)
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(v)
	all["gob"] = fmt.Sprint(b.String(), err)
	for name, handler := range map[string]slog.Handler{"slog text": slog.NewTextHandler(&b, nil), "slog json": slog.NewJSONHandler(&b, nil)} {
		b.Reset()
		slog.New(handler).Info("event", "value", v, slog.Group("group", "value", v))
		all[name] = b.String()
	}
	return all
}

func TestNoFormattingShowsASecret(t *testing.T) {
	type holder struct{ secret registry.Secret }
	type configHolder struct {
		config  registry.Config
		pointer *registry.Config
		list    []registry.Config
		byName  map[string]registry.Config
		any     any
	}
	cfg := secretConfig()
	misplaced := "-----BEGIN PRIVATE KEY-----" + hidden
	cfg.Params = nil // a map prints as it is where fmt can call no method; no dialect takes a secret there
	for name, v := range map[string]any{
		"Secret":         cfg.Password,
		"*Secret":        &cfg.Password,
		"Secret inside":  holder{cfg.Password},
		"Secrets":        []registry.Secret{cfg.Password},
		"Secret any":     []any{cfg.Password},
		"Config":         secretConfig(),
		"*Config":        &cfg,
		"key misplaced":  registry.Config{AppName: misplaced, TLS: &registry.TLS{CA: misplaced}, Params: map[string]string{"mode": misplaced}},
		"TLS":            *cfg.TLS,
		"*TLS":           cfg.TLS,
		"Config inside":  configHolder{cfg, &cfg, []registry.Config{cfg}, map[string]registry.Config{"x": cfg}, cfg},
		"*Config inside": &configHolder{cfg, &cfg, []registry.Config{cfg}, map[string]registry.Config{"x": cfg}, cfg},
	} {
		for way, text := range everyWay(v) {
			if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
				t.Errorf("%s as %s shows the secret: %s", name, way, text)
			}
		}
	}
}

// The search above finds something: the same ways show a text that is no secret.
func TestEveryWayShowsAnOrdinaryText(t *testing.T) {
	type ordinary struct{ Text string }
	ways := everyWay(ordinary{hidden})
	for _, way := range []string{"%v", "%+v", "%#v", "%s", "Sprint", "json", "xml", "gob", "slog text", "slog json"} {
		if !strings.Contains(ways[way], hidden) {
			t.Errorf("%s does not show the text: %s", way, ways[way])
		}
	}
}

func TestSecret(t *testing.T) {
	s := registry.NewSecret(hidden)
	if s.Reveal() != hidden || s.IsZero() || s.String() != "[redacted]" {
		t.Errorf("a secret reveals %q and prints as %q", s.Reveal(), s)
	}
	if text := fmt.GoStringer(s).GoString(); text != "[redacted]" { // all that some printers ask for
		t.Errorf("in Go syntax a secret is %s", text)
	}
	if !s.Equal(registry.NewSecret(hidden)) || s.Equal(registry.NewSecret("other")) || s.Equal(registry.Secret{}) {
		t.Error("Equal does not compare the texts")
	}
	empty := registry.NewSecret("")
	if !empty.IsZero() || empty.String() != "" || empty.Reveal() != "" || empty != (registry.Secret{}) {
		t.Error("the empty secret is not the zero value")
	}
	var back registry.Secret
	if err := back.UnmarshalText([]byte(s.String())); err == nil || !back.IsZero() {
		t.Errorf("a printed secret was read back: %v", err)
	}
	if err := back.UnmarshalText([]byte(hidden)); err != nil || !back.Equal(s) {
		t.Errorf("a secret was not read: %v", err)
	}
}

// E3, E4: what holds a connection string is hidden wherever it stands, and a param that takes words is shown.
func TestParamsThatAreNoSecretsAreShown(t *testing.T) {
	cfg := registry.Config{Dialect: "x", Host: "h", Params: map[string]string{
		"foreign_keys": "off", "allowCleartextPasswords": "true", "statement_timeout": "5s", "monkey_patch": "on", "keys": "a",
	}}
	again, err := registry.ParseURL(cfg.String())
	if err != nil || !again.Equal(cfg) {
		t.Errorf("%v is read as %v, %v", cfg, again, err)
	}
	for _, name := range []string{"password", "sslpassword", "api_token", "apiToken", "client-secret", "AccessKey", "pwd", "credentials", "pwdé"} {
		cfg.Params = map[string]string{name: hidden}
		if strings.Contains(cfg.String(), hidden) {
			t.Errorf("the param %s shows: %v", name, cfg)
		}
		if cfg, err := registry.ParseURL(cfg.String()); err == nil {
			t.Errorf("a param that was printed is read as %v", cfg)
		}
	}
	for _, text := range []string{
		"postgres://u:" + hidden + "@h/d", "u:" + hidden + "@tcp(h)/d", "u:" + hidden + "@unix(/s)/d", "server=h;PWD=" + hidden, "password=" + hidden,
	} {
		for _, cfg := range []registry.Config{
			{Dialect: "x", Host: text},
			{Dialect: "x", User: text},
			{Dialect: "x", Hosts: []string{text, "b"}},
			{Dialect: "x", Hosts: []string{text}},
			{Dialect: "x", Readers: &registry.Config{Host: text, Hosts: []string{text}, Database: text, AppName: text}},
			{Dialect: "x", Database: text},
			{Dialect: "sqlite", Filename: text},
			{Dialect: "sqlite", Database: text},
			{Dialect: "x", AppName: text},
			{Dialect: text},
			{Dialect: "x", Params: map[string]string{"p": text}},
		} {
			for way, shown := range everyWay(cfg) {
				if strings.Contains(shown, hidden) {
					t.Errorf("%s shows %s of %s", way, shown, text)
				}
			}
			if err := cfg.Validate(); err != nil && strings.Contains(err.Error(), hidden) {
				t.Errorf("the error shows it: %v", err)
			}
		}
	}
	if _, err := registry.ParseURL("postgres://h/d?u:" + hidden + "%40h=1&u:" + hidden + "%40h=2"); err == nil || strings.Contains(err.Error(), hidden) {
		t.Errorf("the error for a name that is none is %v", err)
	}
}

// E7: writing and reading a config takes what grows with its size, and not with the square of that.
func TestALargeConfigIsWritten(t *testing.T) {
	allocated := func(params int) uint64 {
		cfg := registry.Config{Dialect: "x", Host: "h", Params: make(map[string]string)}
		for i := range params {
			cfg.Params[fmt.Sprint("param", i)] = "value"
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		again, err := registry.ParseURL(cfg.String())
		runtime.ReadMemStats(&after)
		if err != nil || !again.Equal(cfg) {
			t.Errorf("%d params are read as %d, %v", len(cfg.Params), len(again.Params), err)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	if small, large := allocated(3_000), allocated(60_000); large > 40*small {
		t.Errorf("20 times the params take %d times the memory", large/small)
	}
}
