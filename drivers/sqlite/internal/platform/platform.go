// Package platform lists the platforms that the database module of SQLite supports. Those parts of the driver use
// it that are built for all of them.
package platform

// Supported are the GOOS/GOARCH pairs that modernc.org/sqlite builds on, which are also those of the build constraint
// of engine.go: the go command counts android as linux and ios as darwin.
// https://pkg.go.dev/modernc.org/sqlite#hdr-Supported_platforms_and_architectures
var Supported = []string{
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
