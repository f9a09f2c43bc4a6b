package configfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/configfile"
)

const (
	certText = "-----BEGIN CERTIFICATE-----\nY2VydA==\n-----END CERTIFICATE-----\n"
	keyText  = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
)

// pemFolder holds ca.pem, sub/client.pem, sub/client.key, a folder and a file that is no PEM.
func pemFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"ca.pem": certText, "sub/client.pem": certText, "sub/client.key": keyText, "text": "s3cret"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPEMFilesAreRelativeToTheConfig(t *testing.T) {
	dir := pemFolder(t)
	t.Setenv("PB_DIR", "sub")
	t.Setenv("PB_ABS", filepath.ToSlash(dir))
	for _, main := range []string{
		"{dialect: mysql, ssl: {ca: 'file:ca.pem', cert: 'file:${PB_DIR}/client.pem', key: 'file:${PB_ABS}/sub/client.key'}}",
		"'mysql://h/d?ssl.ca=file:ca.pem&ssl.cert=file:${PB_DIR}/client.pem&ssl.key=file%3Asub/client.key'",
	} {
		path := filepath.Join(dir, "app.yaml")
		if err := os.WriteFile(path, []byte("connections: {main: "+main+"}"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := configfile.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.Config("main")
		if err != nil {
			t.Fatalf("%s: %v", main, err)
		}
		if c.TLS.CA != certText || c.TLS.Cert != certText || c.TLS.Key.Reveal() != keyText {
			t.Errorf("%s: got %v", main, c)
		}
	}
}

func TestPEMFilesOfAURL(t *testing.T) {
	dir := pemFolder(t)
	c, err := configfile.ParseURL("postgres://h/d?ssl.ca=file:ca.pem", dir)
	if err != nil || c.TLS.CA != certText {
		t.Errorf("got %v, %v", c, err)
	}
	for url, want := range map[string]string{
		"postgres://h/d?ssl.ca=file:missing.pem":    "missing.pem\", which cannot be read",
		"postgres://h/d?ssl.ca=file:text":           "holds no PEM text",
		"postgres://h/d?ssl.ca=file:sub":            "which cannot be read",
		"postgres://h/d?ssl.ca=ca.pem":              "write the text itself, or file:",
		"postgres://h/d?ssl.ca=file:%zz":            "two hexadecimal digits",
		"postgres://h/d?ssl.ca=file:sub/client.key": "holds a private key",
	} {
		_, err := configfile.ParseURL(url, dir)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "c2VjcmV0")) {
			t.Errorf("%s: %v shows what is in the file", url, err)
		}
	}
}

func TestAFileWithoutEndIsNotReadToTheEnd(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no /dev/zero here")
	}
	_, err := configfile.ParseURL("postgres://h/d?ssl.ca=file:/dev/zero", "")
	if err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
}
