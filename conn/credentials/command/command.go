// Package command is a provider that runs a program for the password: importing it registers "command". It is a package
// of its own so that a config file alone cannot make a program run others.
//
// The option command is split at blanks and run without a shell; its standard output is the password, of which one line
// end is cut off. The option timeout is how long it may take, default 10s. What it writes to standard error is not
// shown: it may hold the password.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { credentials.Register("command", provider) }

const (
	defaultTimeout = 10 * time.Second
	longest        = 64 << 10 // of the output
)

func provider(options map[string]string) (credentials.Func, error) {
	if err := credentials.Options(options, "command!", "timeout"); err != nil {
		return nil, err
	}
	args := strings.Fields(options["command"])
	if len(args) == 0 {
		return nil, &registry.ConfigError{Field: "credentials.command", Problem: "is blank", Cure: "name the program and its arguments"}
	}
	timeout := defaultTimeout
	if text := options["timeout"]; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return nil, &registry.ConfigError{Field: "credentials.timeout", Problem: `must be a duration with its unit, such as "5s"`}
		}
		timeout = d
	}
	return New(timeout, args[0], args[1:]...), nil
}

// New returns a function that runs a program for the password, which may take as long as timeout says.
func New(timeout time.Duration, name string, args ...string) credentials.Func {
	return func(ctx context.Context, _ credentials.Request) (registry.Login, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done within %v", timeout))
		defer cancel()
		out := &limited{}
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Stdout = out
		cmd.WaitDelay = time.Second // for what it has started and left behind
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			} else if out.refused != nil { // which may have ended the program by SIGPIPE
				err = out.refused
			}
			return registry.Login{}, fmt.Errorf("run %s for the password: %w", name, err)
		}
		password := strings.TrimSuffix(strings.TrimSuffix(out.kept.String(), "\n"), "\r")
		if password == "" {
			return registry.Login{}, fmt.Errorf("run %s for the password: %w", name, errors.New("it wrote none"))
		}
		return registry.Login{Password: registry.NewSecret(password)}, nil
	}
}

// limited keeps what a password can be. The buffer is not embedded: its ReadFrom would pass the limit.
type limited struct {
	kept    bytes.Buffer
	refused error
}

func (l *limited) Write(p []byte) (int, error) {
	if l.kept.Len()+len(p) > longest {
		l.refused = fmt.Errorf("it wrote more than %d bytes", longest)
		return 0, l.refused
	}
	return l.kept.Write(p)
}
