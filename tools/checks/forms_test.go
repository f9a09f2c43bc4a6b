package checks

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// The config that the README shows in three forms is the same in each.
func TestFormsOfAConfig(t *testing.T) {
	text := section(t, readme(t), "Configs")
	want := registry.Config{
		Dialect: "postgres", Host: "db.example", User: "app", Password: registry.NewSecret("…"), Database: "shop",
		Pool: registry.Pool{Min: 2, Max: 20}, TLS: &registry.TLS{}, ConnectTimeout: 5 * time.Second,
	}
	const literal = `conn.Config{ Dialect: "postgres", Host: "db.example", User: "app", Password: conn.NewSecret("…"), Database: "shop", ` +
		`Pool: conn.Pool{Min: 2, Max: 20}, TLS: &conn.TLS{}, ConnectTimeout: 5 * time.Second, }`
	if inGo := strings.Join(strings.Fields(block(t, text, "go")), " "); inGo != literal {
		t.Errorf("the Go says %s", inGo)
	}
	var fromJSON registry.Config
	if err := json.Unmarshal([]byte(block(t, text, "json")), &fromJSON); err != nil || !fromJSON.Equal(want) {
		t.Errorf("the JSON says %v, %v", fromJSON, err)
	}
	url := "postgres:" + strings.SplitAfter(text, "\npostgres:")[1]
	url, _, _ = strings.Cut(url, "\n")
	if fromURL, err := registry.ParseURL(url); err != nil || !fromURL.Equal(want) {
		t.Errorf("the URL %s says %v, %v", url, fromURL, err)
	}
}
