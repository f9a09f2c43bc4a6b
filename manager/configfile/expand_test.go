package configfile_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/registry"
)

func TestVariables(t *testing.T) {
	t.Setenv("PB_SET", "value")
	t.Setenv("PB_EMPTY", "")
	t.Setenv("PB_NESTED", "${PB_SET}")
	for text, want := range map[string]string{
		"${PB_SET}":                    "value",
		"a-${PB_SET}-b-${PB_SET}":      "a-value-b-value",
		"${PB_SET:-other}":             "value",
		"${PB_EMPTY:-other}":           "other",
		"${PB_UNSET:-other}":           "other",
		"${PB_UNSET:-a:-b c}":          "a:-b c",
		"${PB_EMPTY}":                  "",
		"${PB_NESTED}":                 "${PB_SET}", // what a variable holds is not expanded
		"$$":                           "$$",
		"pa$$word":                     "pa$$word",
		"$${PB_SET}":                   "${PB_SET}",
		"$$$${PB_SET}":                 "$$${PB_SET}",
		"$${PB_SET}-${PB_SET}":         "${PB_SET}-value",
		"pa$word":                      "pa$word",
		"$PB_SET":                      "$PB_SET",
		"costs 5$":                     "costs 5$",
		"no variable: } {":             "no variable: } {",
		"${PB_UNSET:-}":                "",
		"${PB_UNSET:-it costs $$5 $x}": "it costs $$5 $x", // a default is taken as it is
	} {
		c, err := config(t, fmt.Sprintf("connections: {main: {dialect: mysql, password: '%s'}}", text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := c.Password.Reveal(); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAnUnsetVariableIsNamed(t *testing.T) {
	for _, main := range []string{
		"{dialect: mysql, host: a, params: {x: 'a${PB_UNSET}'}, password: '${PB_UNSET_2}'}",
		"'mysql://u:${PB_UNSET}@h${PB_UNSET_2}/d'",
	} {
		_, err := config(t, "connections: {main: "+main+"}")
		if err == nil || !strings.Contains(err.Error(), "needs the environment variable PB_UNSET, which is not set") {
			t.Errorf("%s: %v", main, err)
		}
	}
}

// Whatever a variable holds, it stays one value of one field.
func TestAValueCannotBreakOut(t *testing.T) {
	for _, value := range []string{
		`","host":"evil.example`, `"}, "host": "evil.example"`, "x\nhost: evil.example", "x\n    host: evil.example",
		"' , host: evil.example, x: '", "# comment", "&anchor", "*alias", "!!int 5", "[a]", "{a: b}", "- a", "@", "%",
		"${PB_VALUE}", "$$", "null", "true", "5432", "~", "1e3", `\`, `\u0022`, "\x00", "ünï ¢ødé \U0001F511", "\t", " ",
		"a@evil.example/d?x=", "@evil.example", ":5433", "/other?ssl=false&", "?host=evil.example", "#", "%40evil", "a b+c", "//",
	} {
		if value != "\x00" { // which no environment can hold
			t.Setenv("PB_VALUE", value)
		}
		for form, main := range map[string]string{
			"plain":  "{dialect: mysql, host: db.example, user: app, password: $PB, database: shop}",
			"quoted": `{dialect: mysql, host: db.example, user: app, password: "$PB", database: shop}`,
			"URL":    `"mysql://app:$PB@db.example/shop"`,
		} {
			text := "connections:\n  main: " + strings.ReplaceAll(main, "$PB", "'${PB_VALUE}'")
			if form != "plain" {
				text = "connections:\n  main: " + strings.ReplaceAll(main, "$PB", "${PB_VALUE}")
			}
			c, err := config(t, text)
			if err != nil {
				t.Errorf("%s %q: %v", form, value, err)
				continue
			}
			want := registry.Config{Dialect: "mysql", Host: "db.example", User: "app", Password: registry.NewSecret(value), Database: "shop"}
			if value == "\x00" {
				want.Password = c.Password
			}
			if !c.Equal(want) {
				t.Errorf("%s %q became %v with the password %q", form, value, c, c.Password.Reveal())
			}
		}
	}
}

func TestAVariableCanHoldTheWholeURL(t *testing.T) {
	t.Setenv("PB_URL", "postgres://app:pw@db.example:5433/shop?ssl=true")
	c, err := config(t, "connections: {main: '${PB_URL}'}")
	if err != nil || c.Host != "db.example" || c.Port != 5433 || c.TLS == nil {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestVariablesInFieldsThatAreNotText(t *testing.T) {
	t.Setenv("PB_PORT", "05433")
	t.Setenv("PB_MAX", "-1")
	t.Setenv("PB_SSL", "true")
	t.Setenv("PB_TIME", "5s")
	c, err := config(t, `connections: {main: {dialect: mysql, port: "${PB_PORT}", connectTimeout: "${PB_TIME}", ssl: "${PB_SSL}",
	  pool: {max: "${PB_MAX}", min: "${PB_UNSET:-2}", maxIdleTime: "${PB_UNSET:-}"}, password: "${PB_PORT}"}}`)
	want := registry.Config{
		Dialect: "mysql", Port: 5433, ConnectTimeout: 5 * time.Second, TLS: &registry.TLS{},
		Pool: registry.Pool{Min: 2, Max: -1}, Password: registry.NewSecret("05433"),
	}
	if err != nil || !c.Equal(want) {
		t.Errorf("got %v, %v; want %v", c, err, want)
	}

	t.Setenv("PB_SSL", "false")
	c, err = config(t, `connections: {main: {dialect: mysql, port: "${PB_UNSET:-}", ssl: {rejectUnauthorized: "${PB_SSL}"}}}`)
	want = registry.Config{Dialect: "mysql", TLS: &registry.TLS{SkipVerify: true}}
	if err != nil || !c.Equal(want) {
		t.Errorf("got %v, %v; want %v", c, err, want)
	}

	for _, port := range []string{"x", "+5", "5.0", "1e3", "0x10", "true", "5 ", "{}"} {
		t.Setenv("PB_PORT", port)
		if _, err := config(t, `connections: {main: {dialect: mysql, port: "${PB_PORT}"}}`); (err == nil) != (port == "+5") {
			t.Errorf("port %q: %v", port, err)
		}
	}
	if _, err := config(t, `connections: {main: {dialect: mysql, port: "5433"}}`); err == nil {
		t.Error("a quoted number without a variable is not what the config takes anywhere else")
	}
}

// Every field that JSON writes without quotes can come from a variable; one that is added later as well.
func TestEveryBareFieldTakesAVariable(t *testing.T) {
	t.Setenv("PB_NUMBER", "7")
	t.Setenv("PB_FLAG", "true")
	t.Setenv("PB_FRACTION", "0.5")
	var visit func(reflect.Type, string)
	visit = func(typ reflect.Type, prefix string) {
		for f := range typ.Fields() {
			name := prefix + strings.ToLower(f.Name[:1]) + f.Name[1:]
			value := ""
			switch {
			case f.Name == "SkipVerify":
				name, value = prefix+"rejectUnauthorized", "${PB_FLAG}"
			case f.Name == "SkipHostname":
				name, value = prefix+"verifyHostname", "${PB_FLAG}"
			case f.Type.Kind() == reflect.Float64:
				value = "${PB_FRACTION}"
			case f.Name == "TLS":
				visit(f.Type.Elem(), "ssl.")
			case f.Type.Kind() == reflect.Struct && f.Type.NumField() > 0 && f.Type != reflect.TypeFor[registry.Secret]():
				visit(f.Type, name+".")
			case f.Type.Kind() == reflect.Int:
				value = "${PB_NUMBER}"
			case f.Type.Kind() == reflect.Bool:
				value = "${PB_FLAG}"
			}
			if value == "" {
				continue
			}
			text := fmt.Sprintf("%s: %q", name, value)
			if parent, child, nested := strings.Cut(name, "."); nested {
				text = fmt.Sprintf("%s: {%s: %q}", parent, child, value)
			}
			if _, err := config(t, "connections: {main: {dialect: mysql, "+text+"}}"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	visit(reflect.TypeFor[registry.Config](), "")
}

func TestTheDialectIsToldWithoutTheRest(t *testing.T) {
	t.Setenv("PB_DIALECT", "mysql")
	for main, want := range map[string]string{
		"{dialect: pg, password: '${PB_UNSET}', ssl: {ca: 'file:missing.pem'}}": "pg",
		"{dialect: '${PB_DIALECT}'}":                    "mysql",
		"{dialect: '${PB_UNSET:-sqlite}', unknown: 5}":  "sqlite",
		"'postgres://u:${PB_UNSET}@h/d'":                "postgres",
		"'${PB_DIALECT}://u:${PB_UNSET}@h/d'":           "mysql",
		"'${PB_UNSET:-SQLite:app.db}'":                  "sqlite",
		"'sqlite:${PB_UNSET'":                           "",
		"{dialect: '${PB_UNSET}'}":                      "",
		"{dialect: 5}":                                  "",
		"{host: h}":                                     "",
		"'${PB_UNSET}'":                                 "",
		"'app.db'":                                      "",
		"{dialect: mysql, dialect: sqlite}":             "",
		"{dialect: mysql, host: a, host: b, pool: {}} ": "",
	} {
		f, err := configfile.Read(write(t, "a.yaml", "connections: {main: "+main+"}"))
		got := ""
		if err == nil {
			got, err = f.Dialect("main")
		}
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", main, got, err, want)
		}
	}
}

// What a config can say, its readers can: numbers by variables, files beside the file, and a URL of which a variable is one part.
func TestVariablesAndFilesOfReaders(t *testing.T) {
	t.Setenv("PB_PORT", "77")
	t.Setenv("PB_HOST", "h2")
	t.Setenv("PB_PASSWORD", "p@h/?ssl=true")
	t.Setenv("PB_TRUE", "true")
	t.Setenv("PB_URL", "postgres://r@whole/")
	path := write(t, "app.yaml", `connections:
  a: {dialect: postgres, hosts: [a, "${PB_HOST}", "$${x"], readers: {host: "${PB_HOST}", port: "${PB_PORT}", passwordFile: pw, ssl: {caFile: ca.pem}, pool: {max: "${PB_PORT}"}}}
  b: {dialect: postgres, host: a, readers: "postgres://r:${PB_PASSWORD}@${PB_HOST}/"}
  c: {dialect: postgres, host: a, readers: "${PB_TRUE}"}
  d: {dialect: postgres, host: a, readers: "${PB_URL}"}
`)
	configs, err := configfile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
	for name, want := range map[string]registry.Config{
		"a": {
			Dialect: "postgres", Hosts: []string{"a", "h2", "${x"},
			Readers: &registry.Config{Host: "h2", Port: 77, PasswordFile: in("pw"), TLS: &registry.TLS{CAFile: in("ca.pem")}, Pool: registry.Pool{Max: 77}},
		},
		"b": {Dialect: "postgres", Host: "a", Readers: &registry.Config{Dialect: "postgres", Host: "h2", User: "r", Password: registry.NewSecret("p@h/?ssl=true")}},
		"c": {Dialect: "postgres", Host: "a", Readers: &registry.Config{}},
		"d": {Dialect: "postgres", Host: "a", Readers: &registry.Config{Dialect: "postgres", Host: "whole", User: "r"}},
	} {
		if !configs[name].Equal(want) {
			t.Errorf("%s is %v, want %v", name, configs[name], want)
		}
	}
	if _, err := config(t, "connections: {main: {dialect: mysql, hosts: ['${PB_UNSET}']}}"); err == nil || !strings.Contains(err.Error(), "config: hosts needs the environment variable PB_UNSET") {
		t.Errorf("got %v", err)
	}
}
