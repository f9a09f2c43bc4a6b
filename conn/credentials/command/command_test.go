//go:build unix

package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn/credentials"
	_ "github.com/patchbay-go/patchbay/conn/credentials/command"
	"github.com/patchbay-go/patchbay/registry"
)

func of(options map[string]string) (credentials.Func, error) {
	return credentials.New(registry.Config{Credentials: registry.Credentials{Provider: "command", Options: options}})
}

func TestTheOutputIsThePassword(t *testing.T) {
	for command, want := range map[string]string{
		"echo hunter2": "hunter2", "printf %s a;b": "a;b", "printf %s $HOME": "$HOME", // no shell
	} {
		ask, err := of(map[string]string{"command": command})
		if err != nil {
			t.Fatal(err)
		}
		if login, err := ask(t.Context(), credentials.Request{}); err != nil || login.Password.Reveal() != want {
			t.Errorf("%s gives %q, %v", command, login.Password.Reveal(), err)
		}
	}
}

func TestACommandThatFailsSaysSoWithoutItsOutput(t *testing.T) {
	for command, want := range map[string]string{
		"false":                    "run false for the password: exit status 1",
		"true":                     "it wrote none",
		"/nonexistent/program":     "no such file or directory",
		"sleep 60":                 "not done within 100ms",
		"ls /nonexistent-hunter2":  "exit status",
		"head -c 100000 /dev/zero": "it wrote more than",
	} {
		timeout := "1m"
		if command == "sleep 60" {
			timeout = "100ms"
		}
		ask, err := of(map[string]string{"command": command, "timeout": timeout})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ask(t.Context(), credentials.Request{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %s", command, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	ask, err := of(map[string]string{"command": "sleep 60"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(ctx, credentials.Request{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	for want, options := range map[string]map[string]string{
		"credentials.command is empty":            nil,
		"credentials.command is blank":            {"command": "  "},
		"credentials.timeout must be a duration":  {"command": "true", "timeout": "5"},
		"credentials.shell is not known: use one": {"command": "true", "shell": "yes"},
	} {
		if _, err := of(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", options, err)
		}
	}
}
