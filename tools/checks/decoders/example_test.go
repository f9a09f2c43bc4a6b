package decoders

import (
	"fmt"
	"log"
	"strings"

	"github.com/BurntSushi/toml"
	goccy "github.com/goccy/go-yaml"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	pelletier "github.com/pelletier/go-toml/v2"
	"github.com/spf13/viper"
	"gopkg.in/yaml.v3"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

const yamlFile = `
name: shop
db:
  dialect: postgres
  host: db.example
  ssl: true
  connectTimeout: 5s
  pool: {max: 20, maxLifetime: 1h}
  session: {work_mem: 64MB, my.tenant: acme}
`

const tomlFile = `
name = "shop"

[db]
dialect = "postgres"
host = "db.example"
ssl = true
connectTimeout = "5s"
pool = {max = 20, maxLifetime = "1h"}
session = {work_mem = "64MB", "my.tenant" = "acme"}
`

// app is what the program has in its file. yaml.v3, goccy and BurntSushi call the methods of a config themselves.
type app struct {
	Name string
	DB   conn.Config
}

func Example_yamlV3() {
	var a app
	if err := yaml.Unmarshal([]byte(yamlFile), &a); err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DB)
	// Output: postgres://db.example?pool.max=20&pool.maxLifetime=1h0m0s&connectTimeout=5s&ssl=true&session.my.tenant=acme&session.work_mem=64MB
}

func Example_goccy() {
	var a app
	if err := goccy.Unmarshal([]byte(yamlFile), &a); err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DB)
	// Output: postgres://db.example?pool.max=20&pool.maxLifetime=1h0m0s&connectTimeout=5s&ssl=true&session.my.tenant=acme&session.work_mem=64MB
}

func Example_burntSushi() {
	var a app
	if _, err := toml.Decode(tomlFile, &a); err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DB)
	// Output: postgres://db.example?pool.max=20&pool.maxLifetime=1h0m0s&connectTimeout=5s&ssl=true&session.my.tenant=acme&session.work_mem=64MB
}

// pelletier's TOML calls no method with tables, so it reads a map, as viper and koanf do.
func Example_pelletier() {
	var a struct {
		Name string
		DB   map[string]any
	}
	if err := pelletier.Unmarshal([]byte(tomlFile), &a); err != nil {
		log.Fatal(err)
	}
	cfg, err := registry.ConfigFromMap(a.DB)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg)
	// Output: postgres://db.example?pool.max=20&pool.maxLifetime=1h0m0s&connectTimeout=5s&ssl=true&session.my.tenant=acme&session.work_mem=64MB
}

// viper splits keys at dots, which a setting may have, unless it is told another delimiter.
func Example_viper() {
	v := viper.NewWithOptions(viper.KeyDelimiter("/"))
	v.SetConfigType("yaml")
	if err := v.ReadConfig(strings.NewReader(yamlFile)); err != nil {
		log.Fatal(err)
	}
	cfg, err := registry.ConfigFromMap(v.GetStringMap("db"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg)
	// Output: postgres://db.example?pool.max=20&pool.maxLifetime=1h0m0s&connectTimeout=5s&ssl=true&session.my.tenant=acme&session.work_mem=64MB
}

// So does koanf.
func Example_koanf() {
	k := koanf.New("/")
	if err := k.Load(rawbytes.Provider([]byte(yamlFile)), koanfyaml.Parser()); err != nil {
		log.Fatal(err)
	}
	cfg, err := registry.ConfigFromMap(k.Cut("db").Raw())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg)
	// Output: postgres://db.example?pool.max=20&pool.maxLifetime=1h0m0s&connectTimeout=5s&ssl=true&session.my.tenant=acme&session.work_mem=64MB
}
