package decoders

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	goccy "github.com/goccy/go-yaml"
	pelletier "github.com/pelletier/go-toml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
	yaml2 "gopkg.in/yaml.v2"
	yaml3 "gopkg.in/yaml.v3"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// file is what programs have in their config files: a config among other things.
type file struct {
	Name string      `json:"name" yaml:"name" toml:"name"`
	DB   conn.Config `json:"db" yaml:"db" toml:"db"`
}

// decoders read a file. Those with "map" in their name read into maps first, and registry.ConfigFromMap does the rest.
var decoders = map[string]func(text []byte, into *file) error{
	"encoding/json":  func(text []byte, into *file) error { return json.Unmarshal(text, into) },
	"yaml.v2":        func(text []byte, into *file) error { return yaml2.Unmarshal(text, into) },
	"yaml.v3":        func(text []byte, into *file) error { return yaml3.Unmarshal(text, into) },
	"go.yaml.in v3":  func(text []byte, into *file) error { return yamlv3.Unmarshal(text, into) },
	"goccy":          func(text []byte, into *file) error { return goccy.Unmarshal(text, into) },
	"BurntSushi":     func(text []byte, into *file) error { return toml.Unmarshal(text, into) },
	"json map":       fromMap(json.Unmarshal),
	"yaml.v2 map":    fromMap(yaml2.Unmarshal),
	"yaml.v3 map":    fromMap(yaml3.Unmarshal),
	"pelletier map":  fromMap(pelletier.Unmarshal),
	"BurntSushi map": fromMap(toml.Unmarshal),
}

func fromMap(unmarshal func([]byte, any) error) func([]byte, *file) error {
	return func(text []byte, into *file) (err error) {
		var all struct {
			Name string         `json:"name" yaml:"name" toml:"name"`
			DB   map[string]any `json:"db" yaml:"db" toml:"db"`
		}
		if err := unmarshal(text, &all); err != nil {
			return err
		}
		into.Name = all.Name
		into.DB, err = registry.ConfigFromMap(all.DB)
		return err
	}
}

// texts returns the same file for each decoder: as JSON, which is YAML, too, and as TOML.
func texts(t *testing.T, name, db string) []byte {
	t.Helper()
	text := `{"name": "app", "db": ` + db + `}`
	if name != "BurntSushi" && name != "BurntSushi map" && name != "pelletier map" {
		return []byte(text)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(numbers(tree)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// numbers makes integers of the numbers that are.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = numbers(value)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // a number
		return f
	}
	return v
}

// E1: what JSON says, YAML and TOML say as well: ssl, durations and nested objects included.
func TestEveryDecoderReadsTheSameConfig(t *testing.T) {
	const pem = "-----BEGIN CERTIFICATE-----"
	for db, want := range map[string]conn.Config{
		`{"dialect": "postgres", "host": "db", "port": 5433, "user": "u", "password": "0123", "database": "d", "ssl": true, "connectTimeout": "5s",
		  "pool": {"min": 1, "max": 20, "maxLifetime": "1h", "maxIdleTime": "-1s"}, "appName": "a", "params": {"statement_timeout": "5s"}}`: {
			Dialect: "postgres", Host: "db", Port: 5433, User: "u", Password: conn.NewSecret("0123"), Database: "d", TLS: &conn.TLS{},
			ConnectTimeout: 5 * time.Second, AppName: "a", Params: map[string]string{"statement_timeout": "5s"},
			Pool: conn.Pool{Min: 1, Max: 20, MaxLifetime: time.Hour, MaxIdleTime: -time.Second},
		},
		`{"dialect": "x", "ssl": {"verifyHostname": false, "ca": "` + pem + `", "serverName": "s"}}`: {
			Dialect: "x", TLS: &conn.TLS{SkipHostname: true, CA: pem, ServerName: "s"},
		},
		`{"dialect": "x", "ssl": false}`:                        {Dialect: "x"},
		`{"dialect": "x", "ssl": {"rejectUnauthorized": true}}`: {Dialect: "x", TLS: &conn.TLS{}},
	} {
		for name, decode := range decoders {
			var got file
			if err := decode(texts(t, name, db), &got); err != nil || !got.DB.Equal(want) || got.Name != "app" {
				t.Errorf("%s reads %s\n as   %v, %v\n want %v", name, db, got.DB, err, want)
			}
		}
	}
}

// No decoder loses a key, and a number where a text belongs is refused: YAML reads 0123 as 83.
func TestEveryDecoderRefusesTheSame(t *testing.T) {
	for db, want := range map[string]string{
		`{"dialect": "x", "pasword": "hunter2"}`:             `key pasword is not known: did you mean "password"?`,
		`{"dialect": "x", "password": 4711}`:                 "password must be a string: put it in quotes",
		`{"dialect": "x", "user": true}`:                     "user must be a string: put it in quotes",
		`{"dialect": "x", "port": "hunter2"}`:                "port must be an integer: leave out the quotes",
		`{"dialect": "x", "port": 1.5}`:                      "port must be an integer",
		`{"dialect": "x", "ssl": "hunter2"}`:                 "ssl must be true, false or an object",
		`{"dialect": "x", "ssl": {"verify": true}}`:          "key ssl.verify is not known",
		`{"dialect": "x", "connectTimeout": 5}`:              "connectTimeout must be a duration with its unit",
		`{"dialect": "x", "pool": {"max": true}}`:            "pool.max must be an integer",
		`{"dialect": "x", "pool": "hunter2"}`:                "pool must be an object",
		`{"dialect": "x", "params": {"busy_timeout": 5000}}`: "params.busy_timeout must be a string: put it in quotes",
		`{"dialect": "x", "host": ["hunter2"]}`:              "host must be a string",
		`{"dialect": "x", "password": "[redacted]"}`:         "password is [redacted]",
		`{"dialect": "x", "params": {"mode": "[redacted]"}}`: "params.mode is [redacted]",
	} {
		for name, decode := range decoders {
			var got file
			err := decode(texts(t, name, db), &got)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s reads %s\n as %v, %v\n want an error that says %s", name, db, got.DB, err, want)
			} else if text := err.Error(); name != "goccy" && strings.Contains(text, "hunter2") {
				t.Errorf("%s: the error of %s repeats the value: %v", name, db, text)
			}
		}
	}
}

// A text in place of an object is a URL, and null says nothing.
func TestAURLInPlaceOfAnObject(t *testing.T) {
	for name, decode := range decoders {
		if strings.HasSuffix(name, "map") {
			continue
		}
		var got file
		err := decode(texts(t, name, `"postgres://app@db/shop?ssl=true"`), &got)
		if want := (conn.Config{Dialect: "postgres", User: "app", Host: "db", Database: "shop", TLS: &conn.TLS{}}); err != nil || !got.DB.Equal(want) {
			t.Errorf("%s: got %v, %v", name, got.DB, err)
		}
		if name == "BurntSushi" {
			continue // which has no null
		}
		got.DB = conn.Config{Dialect: "sqlite"}
		if err := decode([]byte(`{"name": "app", "db": null}`), &got); err != nil || name == "encoding/json" && got.DB.Dialect != "sqlite" {
			t.Errorf("%s: null gives %v, %v", name, got.DB, err)
		}
	}
}

// What is written is read again, but for secrets.
func TestYAMLIsWrittenWithoutSecrets(t *testing.T) {
	cfg := conn.Config{Dialect: "postgres", Host: "db", Pool: conn.Pool{Max: 3}, ConnectTimeout: time.Second, Params: map[string]string{"a": "b"}}
	for name, codec := range map[string]struct {
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}{
		"yaml.v2": {yaml2.Marshal, yaml2.Unmarshal},
		"yaml.v3": {yaml3.Marshal, yaml3.Unmarshal},
		"goccy": {
			func(v any) ([]byte, error) { return goccy.Marshal(v) },
			func(text []byte, v any) error { return goccy.Unmarshal(text, v) },
		},
	} {
		text, err := codec.marshal(file{"app", cfg})
		if err != nil {
			t.Fatal(err)
		}
		var again file
		if err := codec.unmarshal(text, &again); err != nil || !again.DB.Equal(cfg) {
			t.Errorf("%s writes\n%s and reads %v, %v", name, text, again.DB, err)
		}
		secret := cfg
		secret.Password = conn.NewSecret("hunter2")
		if text, err = codec.marshal(secret); err != nil || bytes.Contains(text, []byte("hunter2")) || !bytes.Contains(text, []byte("[redacted]")) {
			t.Errorf("%s writes\n%s, %v", name, text, err)
		}
	}
}
