//go:build !((sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64)))

package sqlite

import "github.com/patchbay-go/patchbay/registry"

// platforms are those that modernc.org/sqlite builds on, which are also those of the build constraints: the go
// command counts android as linux and ios as darwin.
// https://pkg.go.dev/modernc.org/sqlite#hdr-Supported_platforms_and_architectures
var platforms = []string{
	"android/386", "android/amd64", "android/arm", "android/arm64",
	"darwin/amd64", "darwin/arm64",
	"freebsd/386", "freebsd/amd64", "freebsd/arm", "freebsd/arm64",
	"ios/amd64", "ios/arm64",
	"linux/386", "linux/amd64", "linux/arm", "linux/arm64",
	"linux/loong64", "linux/ppc64le", "linux/riscv64", "linux/s390x",
	"netbsd/amd64",
	"openbsd/amd64", "openbsd/arm64",
	"windows/386", "windows/amd64", "windows/arm64",
}

func init() { registry.Stub("sqlite", platforms...) }
