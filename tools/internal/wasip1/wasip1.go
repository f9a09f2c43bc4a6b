// Package wasip1 runs programs that were built for GOOS=wasip1 GOARCH=wasm, a platform that the database module of
// SQLite does not support, so that checks see what such a program says on any machine. Its programs have no files,
// no network, no environment and no clock of their own.
package wasip1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// What the go command has to be told to build such a program.
const (
	GOOS   = "wasip1"
	GOARCH = "wasm"
)

// Run runs a program to its end and returns what it printed to both streams. An exit status other than 0 is no
// error.
func Run(ctx context.Context, path string, args ...string) (output string, err error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	// An interpreter starts a program of a few megabytes sooner than a compiler, and runs on every platform.
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCloseOnContextDone(true))
	defer func() { err = errors.Join(err, runtime.Close(ctx)) }()
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return "", err
	}
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs(append([]string{"program"}, args...)...).WithStdout(&out).WithStderr(&out)
	_, err = runtime.InstantiateWithConfig(ctx, code, config)
	if exit := (*sys.ExitError)(nil); errors.As(err, &exit) && ctx.Err() == nil {
		err = nil
	}
	if err != nil {
		return out.String(), fmt.Errorf("run %s: %w", path, err)
	}
	return out.String(), nil
}
