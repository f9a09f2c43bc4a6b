package printers

import (
	"strings"
	"testing"

	"github.com/alecthomas/repr"
	"github.com/davecgh/go-spew/spew"
	"github.com/google/go-cmp/cmp"
	"github.com/k0kubun/pp/v3"
	"github.com/kr/pretty"
	"github.com/sanity-io/litter"
	"github.com/stretchr/testify/assert"

	"github.com/patchbay-go/patchbay/conn"
)

const hidden = "hunter2-Zq9"

// complaints is a test that keeps what testify says of it.
type complaints struct{ strings.Builder }

func (c *complaints) Errorf(format string, args ...any) {
	for _, arg := range args {
		c.WriteString(pretty.Sprint(arg))
	}
}

// E2: whatever prints a config or a secret by reflection, the text is not there.
func TestNoPrinterShowsASecret(t *testing.T) {
	config := func(password string) conn.Config {
		return conn.Config{
			Dialect: "postgres", Password: conn.NewSecret(password), TLS: &conn.TLS{Key: conn.NewSecret("-----BEGIN PRIVATE KEY-----" + hidden)},
		}
	}
	type around struct {
		Inner  conn.Secret
		hidden conn.Secret
	}
	for name, values := range map[string][2]any{
		"config":          {config(hidden), config(hidden + "2")},
		"pointer":         {new(config(hidden)), new(config(hidden + "2"))},
		"secret":          {conn.NewSecret(hidden), conn.NewSecret(hidden + "2")},
		"struct":          {around{conn.NewSecret(hidden), conn.NewSecret(hidden)}, around{conn.NewSecret(hidden + "2"), conn.Secret{}}},
		"login":           {conn.Login{Password: conn.NewSecret(hidden)}, conn.Login{}},
		"map":             {map[string]any{"a": config(hidden)}, map[string]any{}},
		"slice of config": {[]conn.Config{config(hidden)}, []conn.Config{config(hidden + "2")}},
	} {
		var said complaints
		assert.Equal(&said, values[0], values[1])
		shown := map[string]string{
			"testify": said.String(),
			"pretty":  pretty.Sprint(values[0]) + strings.Join(pretty.Diff(values[0], values[1]), "\n"),
			"pp":      pp.Sprint(values[0]),
			"litter":  litter.Sdump(values[0]),
			"repr":    repr.String(values[0]),
			"spew":    spew.Sdump(values[0]) + (&spew.ConfigState{DisableMethods: true, Indent: " "}).Sdump(values[0]),
		}
		if name != "struct" { // cmp does not look into unexported fields
			shown["cmp"] = cmp.Diff(values[0], values[1])
		}
		for printer, text := range shown {
			if strings.Contains(text, hidden) {
				t.Errorf("%s shows the secret in a %s:\n%s", printer, name, text)
			}
			if printer != "pretty" && text == "" {
				t.Errorf("%s says nothing of a %s", printer, name)
			}
		}
	}
	if text := litter.Sdump(struct{ Planted string }{hidden}); !strings.Contains(text, hidden) {
		t.Errorf("the search finds nothing in %s", text)
	}
}
