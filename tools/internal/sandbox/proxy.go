package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// prefix starts the versions that proxies have.
const prefix = "v0.0.1-t"

// Proxy is a module proxy in a folder that holds the library in one version, made from this checkout.
// https://go.dev/ref/mod#goproxy-protocol
type Proxy struct {
	dir     string
	version string
}

// shared is the proxy of this test process.
var shared = sync.OnceValues(NewProxy)

// Close removes what the programs of a test process share, after its tests.
func Close() error {
	p, err := shared()
	if err != nil {
		return nil // the tests have said so
	}
	return p.Close()
}

// NewProxy makes a proxy, which must be closed.
func NewProxy() (*Proxy, error) { return NewProxyWith(nil) }

// NewProxyWith makes a proxy that has the library with other texts in, or further, files, by their paths.
func NewProxyWith(changes map[string]string) (*Proxy, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "patchbay-proxy-")
	if err != nil {
		return nil, err
	}
	p := &Proxy{dir: dir}
	if err := p.fill(root, changes); err != nil {
		return nil, errors.Join(fmt.Errorf("make a module of %s: %w", root, err), p.Close())
	}
	return p, nil
}

func (p *Proxy) fill(root string, changes map[string]string) error {
	files, sum, err := snapshot(root, changes)
	if err != nil {
		return err
	}
	p.version = prefix + sum[:12]
	if err := sweep(p.version); err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := modzip.Create(&archive, module.Version{Path: Library, Version: p.version}, files); err != nil {
		return err
	}
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	versions := filepath.Join(p.dir, filepath.FromSlash(Library), "@v")
	info := fmt.Appendf(nil, `{"Version":%q,"Time":%q}`, p.version, time.Unix(0, 0).UTC().Format(time.RFC3339))
	return errors.Join(
		os.MkdirAll(versions, 0o755),
		os.WriteFile(filepath.Join(versions, "list"), []byte(p.version+"\n"), 0o644),
		os.WriteFile(filepath.Join(versions, p.version+".info"), info, 0o644),
		os.WriteFile(filepath.Join(versions, p.version+".mod"), gomod, 0o644),
		os.WriteFile(filepath.Join(versions, p.version+".zip"), archive.Bytes(), 0o644),
	)
}

// Close removes the proxy.
func (p *Proxy) Close() error { return os.RemoveAll(p.dir) }

// Version is the only version of the library.
func (p *Proxy) Version() string { return p.version }

// Folder is a folder in which the go command gets the library from this proxy.
func (p *Proxy) Folder(dir string) *Program { return &Program{Dir: dir, env: p.environment()} }

// environment is that of the test, with this proxy before the others, and without what a developer may have set.
func (p *Proxy) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "CGO_ENABLED", "GOFLAGS", "GOPROXY", "GOWORK", "GONOSUMDB", "GONOPROXY", "GOPRIVATE":
		default:
			env = append(env, v)
		}
	}
	upstream, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		upstream = []byte("off")
	}
	return append(env,
		// All programs are built alike, for their sizes too, so that each database module is compiled once.
		"GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false -trimpath", "GONOSUMDB="+Library,
		"GOPROXY=file://"+filepath.ToSlash(p.dir)+","+strings.TrimSpace(string(upstream)))
}
