package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// Proxy is a module proxy in a folder that holds the library in one version, made from this checkout.
// https://go.dev/ref/mod#goproxy-protocol
type Proxy struct {
	dir     string
	version string
}

// shared is the proxy of this test process. It is removed by [Main].
var shared = sync.OnceValues(NewProxy)

// Main runs the tests of a package that makes programs, and removes what they share.
func Main(m *testing.M) {
	code := m.Run()
	if p, err := shared(); err == nil {
		if err := p.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// NewProxy makes a proxy, which must be closed.
func NewProxy() (p *Proxy, err error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	p = new(Proxy)
	if p.dir, err = os.MkdirTemp("", "patchbay-proxy-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(p.dir))
		}
	}()
	versions := filepath.Join(p.dir, filepath.FromSlash(Library), "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return nil, err
	}
	archive := filepath.Join(p.dir, "module.zip")
	// The version is part of the archive, and has to differ when its content does, as the module cache keeps it.
	// So a first archive tells the version of the second.
	sum, err := pack(archive, root, "v0.0.1")
	if err != nil {
		return nil, err
	}
	p.version = "v0.0.1-t" + sum[:12]
	if _, err := pack(filepath.Join(versions, p.version+".zip"), root, p.version); err != nil {
		return nil, err
	}
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	info := fmt.Sprintf(`{"Version":%q,"Time":%q}`, p.version, time.Unix(0, 0).UTC().Format(time.RFC3339))
	return p, errors.Join(
		os.WriteFile(filepath.Join(versions, "list"), []byte(p.version+"\n"), 0o644),
		os.WriteFile(filepath.Join(versions, p.version+".info"), []byte(info), 0o644),
		os.WriteFile(filepath.Join(versions, p.version+".mod"), gomod, 0o644),
		os.Remove(archive),
	)
}

// Close removes the proxy.
func (p *Proxy) Close() error { return os.RemoveAll(p.dir) }

// Version is the only version of the library.
func (p *Proxy) Version() string { return p.version }

// Folder is a folder in which the go command gets the library from this proxy.
func (p *Proxy) Folder(dir string) *Program { return &Program{Dir: dir, env: p.environment()} }

func pack(archive, root, version string) (sum string, err error) {
	f, err := os.Create(archive)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	if err := modzip.CreateFromDir(io.MultiWriter(f, hash), module.Version{Path: Library, Version: version}, root); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// environment is that of the test, with this proxy before the others, and without what a developer may have set.
func (p *Proxy) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "GOFLAGS", "GOPROXY", "GOWORK", "GONOSUMDB", "GONOPROXY", "GOPRIVATE":
		default:
			env = append(env, v)
		}
	}
	upstream, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		upstream = []byte("off")
	}
	return append(env,
		"GOWORK=off", "GOFLAGS=-buildvcs=false", "GONOSUMDB="+Library,
		"GOPROXY=file://"+filepath.ToSlash(p.dir)+","+strings.TrimSpace(string(upstream)))
}
