package registry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

func TestConfigFromJSON(t *testing.T) {
	const pem = `-----BEGIN CERTIFICATE-----`
	for text, want := range map[string]registry.Config{
		`{"dialect":"postgres","host":"db","port":5433,"user":"u","password":"p","database":"d"}`: {
			Dialect: "postgres", Host: "db", Port: 5433, User: "u", Password: registry.NewSecret("p"), Database: "d",
		},
		`{"dialect":"sqlite","filename":"a.db"}`:   {Dialect: "sqlite", Filename: "a.db"},
		`{"dialect":"x","pool":{"min":1,"max":5}}`: {Dialect: "x", Pool: registry.Pool{Min: 1, Max: 5}},
		`{"dialect":"x","ssl":true}`:               {Dialect: "x", TLS: &registry.TLS{}},
		`{"dialect":"x","hosts":["a","b:1"],"hostOrder":"random","role":"preferReader","readers":{"hosts":["c"],"password":"p","ssl":true}}`: {
			Dialect: "x", Hosts: []string{"a", "b:1"}, HostOrder: registry.HostsRandom, Role: registry.RolePreferReader,
			Readers: &registry.Config{Hosts: []string{"c"}, Password: registry.NewSecret("p"), TLS: &registry.TLS{}},
		},
		`{"dialect":"x","readers":true}`:                     {Dialect: "x", Readers: &registry.Config{}},
		`{"dialect":"x","readers":null}`:                     {Dialect: "x"},
		`{"dialect":"x","readers":false}`:                    {Dialect: "x"},
		`{"dialect":"x","readers":{}}`:                       {Dialect: "x", Readers: &registry.Config{}},
		`{"dialect":"x","readers":"x://u:p@r/d"}`:            {Dialect: "x", Readers: &registry.Config{Dialect: "x", User: "u", Password: registry.NewSecret("p"), Host: "r", Database: "d"}},
		`{"dialect":"x","ssl":{}}`:                           {Dialect: "x", TLS: &registry.TLS{}},
		`{"dialect":"x","ssl":false}`:                        {Dialect: "x"},
		`{"dialect":"x","ssl":null,"pool":null,"port":null}`: {Dialect: "x"},
		`{"dialect":"x","ssl":{"rejectUnauthorized":true}}`:  {Dialect: "x", TLS: &registry.TLS{}},
		`{"dialect":"x","ssl":{"rejectUnauthorized":false,"ca":"` + pem + `","cert":"c","key":"k","serverName":"s"}}`: {
			Dialect: "x", TLS: &registry.TLS{SkipVerify: true, CA: pem, Cert: "c", Key: registry.NewSecret("k"), ServerName: "s"},
		},
		`{"dialect":"x","connectTimeout":"5s","appName":"a","params":{"pool.max":"b"},"pool":{"maxLifetime":"1h","maxIdleTime":"-1s"}}`: {
			Dialect: "x", ConnectTimeout: 5 * time.Second, AppName: "a", Params: map[string]string{"pool.max": "b"},
			Pool: registry.Pool{MaxLifetime: time.Hour, MaxIdleTime: -time.Second},
		},
		`{"dialect":"x","dsn":"u:p@tcp(h)/d","passwordFile":"/run/pw","session":{"work_mem":"64MB"},"lazy":true,"pool":{"maxIdle":2},
		  "ssl":{"caFile":"ca.pem","certFile":"c.pem","keyFile":"k.pem"},"retry":{"max":5,"delay":"2s","factor":1.5,"jitter":0.2,
		  "maxDelay":"10s","for":"1m","unknownHost":true,"kinds":["no database","TLS"]}}`: {
			Dialect: "x", DSN: registry.NewSecret("u:p@tcp(h)/d"), PasswordFile: "/run/pw", Session: map[string]string{"work_mem": "64MB"},
			Lazy: true, Pool: registry.Pool{MaxIdle: 2}, TLS: &registry.TLS{CAFile: "ca.pem", CertFile: "c.pem", KeyFile: "k.pem"},
			Retry: registry.Retry{
				Max: 5, Delay: 2 * time.Second, Factor: 1.5, Jitter: 0.2, MaxDelay: 10 * time.Second, For: time.Minute, UnknownHost: true,
				Kinds: []registry.Kind{registry.KindNoDatabase, registry.KindTLS},
			},
		},
		`{"dialect":"x","credentials":{"provider":"command","command":"vault read db"}}`: {
			Dialect: "x", Credentials: registry.Credentials{Provider: "command", Options: map[string]string{"command": "vault read db"}},
		},
	} {
		var got registry.Config
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s\n gives %v, %v\n want %v", text, got, err, want)
		}
	}
}

func TestJSONErrorsNameTheKeyAndNoValue(t *testing.T) {
	for text, want := range map[string]string{
		`{"dialect":"x","pasword":"hunter2"}`:          `key pasword is not known: did you mean "password"?`,
		`{"dialect":"x","Host":"hunter2"}`:             `key Host is not known: did you mean "host"?`,
		`{"dialect":"x","pool":{"size":5}}`:            `key pool.size is not known: use one of min, max, maxIdle, maxLifetime, maxIdleTime`,
		`{"dialect":"x","ssl":{"reject":"hunter2"}}`:   `key ssl.reject is not known: use one of rejectUnauthorized`,
		`{"dialect":"x","pool.max":5}`:                 `key pool.max is not known`,
		`{"dialect":"x","tls":true}`:                   `key tls is not known: use one of dialect, dsn, host`,
		`{"host":"a","host":"hunter2"}`:                `host is given twice`,
		`{"pool":{"max":1},"pool":{"max":2}}`:          `pool is given twice`,
		`{"password":4711}`:                            `password must be a string`,
		`{"password":"[redacted]"}`:                    `password is [redacted]`,
		`{"ssl":{"key":"[redacted]"}}`:                 `ssl.key is [redacted]`,
		`{"port":"hunter2"}`:                           `port must be an integer`,
		`{"port":1.5}`:                                 `port must be an integer`,
		`{"port":1e99}`:                                `port must be an integer`,
		`{"connectTimeout":5}`:                         `connectTimeout must be a duration`,
		`{"connectTimeout":"5"}`:                       `connectTimeout must be a duration with its unit, such as "5s"`,
		`{"ssl":"hunter2"}`:                            `ssl must be true, false or an object`,
		`{"ssl":{"rejectUnauthorized":"no"}}`:          `ssl.rejectUnauthorized must be true or false`,
		`{"params":{"mode":1}}`:                        `params.mode must be a string`,
		`{"params":["hunter2"]}`:                       `params must be an object`,
		`{"hosts":"hunter2"}`:                          `hosts must be a list of strings`,
		`{"hosts":[1]}`:                                `hosts must be a list of which each must be a string: put it in quotes`,
		`{"role":"hunter2"}`:                           `role must be one of any, writer, reader, preferReader`,
		`{"hostOrder":true}`:                           `hostOrder must be a string`,
		`{"readers":{"hots":["hunter2"]}}`:             `key readers.hots is not known: did you mean "host"?`,
		`{"readers":{"pool":{"size":1}}}`:              `key readers.pool.size is not known: use one of min, max`,
		`{"readers":{"password":"[redacted]"}}`:        `readers.password is [redacted]`,
		`{"readers":["hunter2"]}`:                      `readers must be true, false, an object or a URL`,
		`{"readers":1}`:                                `readers must be true, false, an object or a URL`,
		`{"host":["hunter2"]}`:                         `host must be a string`,
		`["hunter2"]`:                                  `config must be an object or a URL`,
		`"hunter2"`:                                    `url does not start with a dialect`,
		`{"dialect":"x"} "hunter2"`:                    `text has data after the JSON value`,
		`{"dialect":"x"}}`:                             `text has data after the JSON value`,
		`{"dialect":"x","password":"hunter2","port":}`: `text is not valid JSON near byte `,
	} {
		got := registry.Config{Host: "before"}
		err := got.UnmarshalJSON([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "config: "+want) {
			t.Errorf("%s\n gives %v\n want %s", text, err, want)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "4711") {
			t.Errorf("%s shows a value: %v", text, err)
		}
		if got.Host != "before" {
			t.Errorf("%s changed the config in spite of the error", text)
		}
	}
}

func TestConfigToJSON(t *testing.T) {
	cfg := registry.Config{
		Dialect: "postgres", Host: "db", Port: 1, User: "u", Password: registry.NewSecret(hidden), Database: "d",
		Pool: registry.Pool{Min: 1, Max: 2, MaxLifetime: time.Hour}, ConnectTimeout: time.Second, AppName: "a",
		TLS:    &registry.TLS{SkipVerify: true, ServerName: "s"},
		Params: map[string]string{"token": hidden, "search_path": "x"},
	}
	const want = `{"appName":"a","connectTimeout":"1s","database":"d","dialect":"postgres","host":"db",` +
		`"params":{"search_path":"x","token":"[redacted]"},"password":"[redacted]","pool":{"max":2,"maxLifetime":"1h0m0s","min":1},` +
		`"port":1,"ssl":{"rejectUnauthorized":false,"serverName":"s"},"user":"u"}`
	got, err := json.Marshal(cfg)
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if err := json.Unmarshal(got, &cfg); err == nil {
		t.Error("a redacted config was read back")
	}
	got, err = json.Marshal(registry.Config{Dialect: "x", TLS: &registry.TLS{}})
	if err != nil || string(got) != `{"dialect":"x","ssl":true}` {
		t.Errorf("got %s, %v", got, err)
	}
}

// FuzzJSON: what is read can be written and read again, and says the same.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"dialect":"postgres","host":"h","port":1,"user":"u","database":"d","pool":{"min":1,"max":2},"ssl":true}`,
		`{"dialect":"sqlite","filename":":memory:","params":{"mode":"ro"},"connectTimeout":"5s"}`,
		`{"dialect":"x","password":"hunter2","ssl":{"rejectUnauthorized":false,"ca":"c","key":"k"}}`,
		`{"ssl":{"ca":{}},"pool":[1],"port":1e400}`, `{"a":{"a":{"a":[[[[`, `null`, `{"dialect":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var cfg registry.Config
		if cfg.UnmarshalJSON([]byte(text)) != nil {
			return
		}
		cfg.Password = registry.Secret{}
		if cfg.TLS != nil {
			cfg.TLS.Key = registry.Secret{}
		}
		for name, value := range cfg.Params { // what looks like a secret is not written
			if strings.ContainsAny(strings.ToLower(name), "pstkc") || strings.Contains(value, "://") {
				delete(cfg.Params, name)
			}
		}
		out, err := json.Marshal(cfg)
		if err != nil {
			t.Fatalf("%q was read, but not written: %v", text, err)
		}
		var again registry.Config
		if err := json.Unmarshal(out, &again); err != nil || !again.Equal(cfg) {
			t.Fatalf("%q was written as %s and read as %v, %v", text, out, again, err)
		}
	})
}

// In YAML a comma ends a value without quotes, and the rest becomes a key: it is a piece of the value, which no error shows.
func TestAPieceOfAValueIsNotShownAsAKey(t *testing.T) {
	for text, want := range map[string]string{
		`{"password":"a","hunter2":null}`:                        "config: a key has no value: put a value with a comma in it into quotes",
		`{"dsn":"Server=tcp:h","1433;Password=hunter2":null}`:    "config: a key has no value",
		`{"dsn":"x","1433;Password=hunter2":"y"}`:                "config: key … is not known",
		`{"pool":{"hunter2":null}}`:                              "config: a key of pool has no value",
		`{"params":{"hunter2":null}}`:                            "config: a key of params has no value",
		`{"lazi":null}`:                                          `config: key lazi is not known: did you mean "lazy"?`,
		`{"ssl":{"ca.x":null,"hunter2":null}}`:                   "config: a key of ssl",
		`{"session":{"work_mem":null}}`:                          "config: a key of session has no value",
		`{"password":null,"lazy":null,"ssl":null,"params":null}`: "",
	} {
		var cfg registry.Config
		err := json.Unmarshal([]byte(text), &cfg)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// viper makes all keys lower case.
func TestConfigFromMapTakesKeysInAnyCase(t *testing.T) {
	got, err := registry.ConfigFromMap(map[string]any{
		"DIALECT": "x", "appname": "a", "connecttimeout": "5s", "pool": map[string]any{"maxlifetime": "1h"}, "ssl": map[string]any{"cafile": "ca"},
		"readers": map[string]any{"passwordfile": "p", "Pool": map[any]any{"MAX": 2}}, "params": map[string]any{"KeepThis": "1"},
	})
	want := registry.Config{
		Dialect: "x", AppName: "a", ConnectTimeout: 5 * time.Second, Pool: registry.Pool{MaxLifetime: time.Hour}, TLS: &registry.TLS{CAFile: "ca"},
		Readers: &registry.Config{PasswordFile: "p", Pool: registry.Pool{Max: 2}}, Params: map[string]string{"KeepThis": "1"},
	}
	if err != nil || !got.Equal(want) {
		t.Errorf("got  %v, %v\nwant %v", got, err, want)
	}
	for _, twice := range []map[string]any{{"port": 1, "Port": 2}, {"pool": map[string]any{"Max": 1, "max": 1}}, {"readers": map[string]any{"user": "a", "USER": "b"}}} {
		if _, err := registry.ConfigFromMap(twice); err == nil || !strings.Contains(err.Error(), "is given twice, in upper and in lower case") {
			t.Errorf("%v: %v", twice, err)
		}
	}
}
