package registry_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// named is a driver of which only the name matters.
type named registry.Info

func (n named) Info() registry.Info { return registry.Info(n) }

func (n named) Connector(registry.Config, registry.Env) (driver.Connector, error) {
	return nil, errors.ErrUnsupported
}

func (n named) Diagnose(error) registry.Diagnosis { return registry.Diagnosis{} }

func TestLookup(t *testing.T) {
	var r registry.Registry // the zero value is usable
	r.Register(named{Dialect: "oracle", Aliases: []string{"ora", "plsql"}})
	r.Register(named{Dialect: "mysql"}) // claims none of the aliases that are known
	for name, want := range map[string]string{"oracle": "oracle", "ora": "oracle", "ORA": "oracle", "MySQL": "mysql", "plsql": "oracle", "mysql": "mysql", "mariadb": "mysql"} {
		d, err := r.Lookup(name)
		if err != nil || d.Info().Dialect != want {
			t.Errorf("Lookup(%q) = %v, %v; want %s", name, d, err, want)
		}
	}
	var linked []string
	for _, info := range r.Linked() {
		linked = append(linked, info.Dialect)
	}
	if want := []string{"mysql", "oracle"}; !slices.Equal(linked, want) {
		t.Errorf("Linked names %v, want %v", linked, want)
	}
}

// dialects names those that come with Patchbay, as messages list them.
func dialects() string {
	var names []string
	for _, info := range registry.Known() {
		names = append(names, info.Dialect)
	}
	return strings.Join(names, ", ")
}

func TestUnsupportedDialect(t *testing.T) {
	use := "use " + dialects() + " or oracle"
	var r registry.Registry
	r.Register(named{Dialect: "oracle", Aliases: []string{"plsql"}})
	for name, want := range map[string]string{
		"postgrs":   `unsupported dialect "postgrs": did you mean "postgres"? ` + use,
		"PostgresQ": `unsupported dialect "PostgresQ": did you mean "postgres"? ` + use,
		"orcale":    `unsupported dialect "orcale": did you mean "oracle"? ` + use,
		"db2":       `unsupported dialect "db2": ` + use,
		"":          `unsupported dialect "": ` + use,
	} {
		_, err := r.Lookup(name)
		var unsupported *registry.UnsupportedDialectError
		if !errors.As(err, &unsupported) || unsupported.Name != name || err.Error() != want {
			t.Errorf("Lookup(%q): %v\n                want %s", name, err, want)
		}
	}
}

func TestRegisterPanicsAndNamesBothSides(t *testing.T) {
	panicOf := func(f func()) (text string) {
		defer func() { text = fmt.Sprint(recover()) }()
		f()
		return ""
	}
	var r registry.Registry
	r.Register(named{Dialect: "oracle", Aliases: []string{"ora"}})
	for _, info := range []registry.Info{{Dialect: "oracle"}, {Dialect: "new", Aliases: []string{"ora"}}, {Dialect: "ora"}} {
		text := panicOf(func() { r.Register(named(info)) })
		if !strings.Contains(text, "registered twice") || strings.Count(text, "registry_test.named") != 2 || strings.Count(text, "TestRegisterPanics") != 2 {
			t.Errorf("registering %v: %s", info, text)
		}
	}
	for _, name := range []string{"", "Oracle", "ora cle", "1ora", "ora:", "örá"} {
		if text := panicOf(func() { r.Register(named{Dialect: name}) }); !strings.Contains(text, "not a name") {
			t.Errorf("registering %q: %s", name, text)
		}
	}
	if text := panicOf(func() { r.Register(nil) }); !strings.Contains(text, "nil Driver") {
		t.Errorf("registering nil: %s", text)
	}
	if len(r.Linked()) != 1 {
		t.Errorf("a refused driver was registered: %v", r.Linked())
	}
}

// incomparable is a driver that panics when it is compared with ==.
type incomparable struct {
	*named
	held any
}

func TestRegisterOfADriverThatIsThere(t *testing.T) {
	var r registry.Registry
	oracle := &named{Dialect: "oracle"}
	r.Register(oracle)
	r.Register(oracle) // again
	r.Register(registry.Absent("oracle"))
	r.Register(registry.Absent("mysql"))
	r.Register(registry.Absent("mysql"))
	if got := r.Linked(); len(got) != 1 || got[0].Dialect != "oracle" {
		t.Errorf("linked are %v, want oracle", got)
	}
	mysql := &named{Dialect: "mysql"}
	r.Register(mysql) // in place of the absent one
	if d, err := r.Lookup("mysql"); d != mysql || err != nil {
		t.Errorf("Lookup(mysql) = %v, %v", d, err)
	}
	db2 := incomparable{&named{Dialect: "db2"}, []int{}}
	r.Register(db2)
	for _, other := range []registry.Driver{&named{Dialect: "mysql"}, db2} {
		func() {
			defer func() {
				if reason := fmt.Sprint(recover()); !strings.Contains(reason, "registered twice") {
					t.Errorf("a second driver of a dialect: %s", reason)
				}
			}()
			r.Register(other)
		}()
	}
}

func TestLookupWhileOthersRegister(t *testing.T) {
	var r registry.Registry
	r.Register(named{Dialect: "first"})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				r.Register(named{Dialect: fmt.Sprintf("d%d.%d", i, j)})
			}
		})
		wg.Go(func() {
			for range 1000 {
				if _, err := r.Lookup("first"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(r.Linked()); n != 201 {
		t.Errorf("%d of 201 drivers are registered", n)
	}
}

func TestKnown(t *testing.T) {
	all := registry.Known()
	taken := make(map[string]bool)
	for _, info := range all {
		for _, name := range append(info.Aliases, info.Dialect) {
			if got, ok := registry.Describe(name); !ok || got.Dialect != info.Dialect {
				t.Errorf("Describe(%q) = %v, %v; want %s", name, got, ok, info.Dialect)
			}
			if taken[name] {
				t.Errorf("%q is the name of two dialects", name)
			}
			taken[name] = true
		}
		if info.Tag != info.Dialect || !strings.HasSuffix(info.Import, "/drivers/"+info.Dialect) || info.Module == "" {
			t.Errorf("got %+v; want the dialect as its tag, a package of that name below drivers, and a module", info)
		}
	}
	all[0].Aliases[0] = "changed"
	if registry.Known()[0].Aliases[0] == "changed" {
		t.Error("Known hands out its own memory")
	}
}

func TestKind(t *testing.T) {
	seen := make(map[string]bool)
	for k := registry.KindUnknown; k <= registry.KindValue; k++ {
		text, err := k.MarshalText()
		if name := k.String(); err != nil || string(text) != name || name == "" || seen[name] {
			t.Errorf("kind %d is %q, %q, %v", k, name, text, err)
		}
		seen[k.String()] = true
	}
	if got := registry.Kind(200).String(); got != "kind 200" {
		t.Errorf("a kind out of range is %q", got)
	}
	for _, k := range []registry.Kind{registry.KindAuth, registry.KindTLS, registry.KindConfig, registry.KindCanceled, registry.KindUnknown} {
		if k.Retryable() {
			t.Errorf("%v is retried", k)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	var r registry.Registry
	r.Register(named{Dialect: "oracle"})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Lookup("oracle"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestAnErrorThatAProgramMakesItselfCanBePrinted(t *testing.T) {
	for want, err := range map[string]error{
		`unsupported dialect "x"`:             &registry.UnsupportedDialectError{Name: "x"},
		`unsupported dialect "x": use y or z`: &registry.UnsupportedDialectError{Name: "x", Known: []string{"y", "z"}},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
