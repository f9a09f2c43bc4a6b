package testdriver

import (
	"context"
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// FuzzServer has whatever a server may say end in an error or a connection, and nothing worse.
func (d Driver) FuzzServer(f *testing.F, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		c, err := d.Connector(registry.Config{User: "app", Password: registry.NewSecret("pw of app")}, registry.Env{
			Dial: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					_, _ = server.Write(said) // the client may have hung up
					_ = server.Close()
				}()
				go func() { // whatever the client says is read, and not looked at
					for buffer := make([]byte, 1024); ; {
						if _, err := server.Read(buffer); err != nil {
							return
						}
					}
				}()
				return client, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if conn, err := c.Connect(t.Context()); err == nil {
			_ = conn.Close()
		}
	})
}
