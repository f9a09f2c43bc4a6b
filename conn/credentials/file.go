package credentials

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// longestPassword bounds what is read of a file that may be the wrong one.
const longestPassword = 64 << 10

// File reads the password from a file, anew for every physical connection, and cuts one line end off. It is what
// registry.Config.PasswordFile stands for.
func File(path string) Func {
	return func(context.Context, Request) (registry.Login, error) {
		password, err := readPassword(path)
		return registry.Login{Password: registry.NewSecret(password)}, err
	}
}

func readPassword(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the password file: %w", err)
	}
	defer f.Close()
	data := make([]byte, longestPassword+1)
	n, err := io.ReadFull(f, data)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", fmt.Errorf("read the password file: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data[:n]), "\n"), "\r")
	switch {
	case n > longestPassword:
		return "", registry.NewConfigError("passwordFile", "is larger than 64 KiB", "name a file that holds the password alone")
	case password == "":
		return "", registry.NewConfigError("passwordFile", "is an empty file", "write the password into it")
	}
	return password, nil
}
