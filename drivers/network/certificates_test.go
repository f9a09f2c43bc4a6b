package network_test

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/registry"
)

// put writes a file with a time of its own: some systems count them in coarse steps.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	files++
	at := time.Unix(int64(1_000_000_000+files), 0)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

var files int

func TestFilesAreReadAnewWhenTheyHaveChanged(t *testing.T) {
	dir := t.TempDir()
	ca, cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cfg := registry.Config{Dialect: "x", Host: "db.example", TLS: &registry.TLS{CAFile: ca, CertFile: cert, KeyFile: key}}
	files, err := network.NewTLS(&cfg) // does no I/O
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Config(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "read ssl.caFile") {
		t.Errorf("without the files: %v", err)
	}
	first, second := testcert.NewCA("first"), testcert.NewCA("second")
	one, two := first.Client("one"), second.Client("two")
	put(t, ca, first.PEM)
	put(t, cert, one.Cert)
	put(t, key, one.Key)
	before := config(t, files)
	if again := config(t, files); again != before {
		t.Error("files that have not changed are read again")
	}
	if before.ServerName != "db.example" || presented(t, before) != "one" {
		t.Errorf("the first config is for %s and presents %s", before.ServerName, presented(t, before))
	}

	put(t, cert, two.Cert) // while they are being replaced, they do not belong together
	if half := config(t, files); half != before {
		t.Error("a certificate without its key is used")
	}
	put(t, key, two.Key)
	put(t, ca, "") // an empty file is not as if there were none
	if half := config(t, files); half != before {
		t.Error("an empty file takes the authority away")
	}
	put(t, ca, second.PEM)
	after := config(t, files)
	if after == before || presented(t, after) != "two" || after.RootCAs.Equal(before.RootCAs) {
		t.Error("the new files are not used")
	}
	if err := os.Remove(ca); err != nil {
		t.Fatal(err)
	}
	if config(t, files) != after {
		t.Error("a file that is gone for a moment takes the config away")
	}

	put(t, filepath.Join(dir, "other.pem"), first.PEM)
	if err := os.Symlink("other.pem", ca); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if linked := config(t, files); !linked.RootCAs.Equal(before.RootCAs) {
		t.Error("what a link names is not read")
	}
}

func config(t *testing.T, files *network.TLS) *tls.Config {
	t.Helper()
	c, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// presented returns the name in the certificate of the client.
func presented(t *testing.T, c *tls.Config) string {
	t.Helper()
	pair, err := c.GetClientCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.Subject.CommonName
}

func TestFilesThatHoldSomethingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.pem")
	for text, want := range map[string]string{
		"hunter2":                           "ssl.ca is not PEM text",
		"":                                  "ssl.caFile is an empty file",
		"\n":                                "ssl.caFile is an empty file",
		testcert.NewCA("x").Client("x").Key: "ssl.ca holds a private key",
	} {
		put(t, path, text)
		files, err := network.NewTLS(&registry.Config{Dialect: "x", TLS: &registry.TLS{CAFile: path}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := files.Config(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if plain, err := network.NewTLS(&registry.Config{}); err != nil || config(t, plain) != nil {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := network.NewTLS(&registry.Config{TLS: &registry.TLS{CA: "damaged"}}); err == nil {
		t.Error("what needs no file is not checked at once")
	}
}
