package drivers_test

import (
	"fmt"
	"log"
	"maps"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// The words that a program has among those of the driver come back, and the rest means what it does without them.
func TestOwnWords(t *testing.T) {
	for dialect, texts := range map[string][2]string{
		"postgres": {"postgres://u:p@h/d?x-table=a%26b&sslmode=disable&x-on", "postgres://u:p@h/d?sslmode=disable"},
		"mysql":    {"u:p?x-table=no@tcp(h:1)/d?parseTime=true&x-table=a%26b&x-on=", "u:p?x-table=no@tcp(h:1)/d?parseTime=true"},
		"mssql":    {"sqlserver://u:p@h/i?x-table=a%26b&x-on=", "sqlserver://u:p@h/i"},
		"sqlite":   {"file:x.db?x-table=a%26b&x-on&_fk=1", "file:x.db?_fk=1"},
	} {
		own := make(map[string]string)
		got, err := conn.ParseDSN(dialect, texts[0], registry.OwnWords(own, "x-table", "x-on", "x-none"))
		if err != nil || !maps.Equal(own, map[string]string{"x-table": "a&b", "x-on": ""}) {
			t.Errorf("%s: got %v, %v", dialect, own, err)
		}
		if want, err := conn.ParseDSN(dialect, texts[1]); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, want %v, %v", dialect, got, want, err)
		}
	}
	for text, want := range map[string]string{
		"file:x.db?x-table=hunter2%zz":                 "x-table has a % that is not followed",
		"file:x.db?x-table=hunter2&x-table=hunter2":    "x-table is given twice",
		"file:x.db?x-table=hunter2&x-other=hunter2":    "has a parameter that is not known",
		"file:hunter2.db?x-table=hunter2&cache=shared": "cache is shared",
	} {
		_, err := conn.ParseDSN("sqlite", text, registry.OwnWords(make(map[string]string), "x-table"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func Example_ownWords() {
	own := make(map[string]string)
	cfg, err := conn.ParseDSN("mysql", "app:secret@tcp(db:3306)/shop?parseTime=true&x-migrations-table=versions", registry.OwnWords(own, "x-migrations-table"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(own["x-migrations-table"], cfg.Database)
	// Output: versions shop
}
