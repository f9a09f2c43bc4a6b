package testport_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
)

func TestPickedPortsAreFreeAndNotThoseOfOutgoingConnections(t *testing.T) {
	for range 50 {
		port, err := testport.Pick()
		if err != nil {
			t.Fatal(err)
		}
		if port < 20000 || port >= 32768 {
			t.Fatalf("picked %d", port)
		}
	}
}

// Each port is picked once by all processes together, for as long as these have others.
func TestAPortIsPickedOnce(t *testing.T) {
	const helper = "PATCHBAY_TEST_PICKS"
	var picked strings.Builder
	for range 150 {
		port, err := testport.Pick()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(&picked, port, " ")
	}
	if os.Getenv(helper) != "" {
		fmt.Println(picked.String())
		_, _ = io.Copy(io.Discard, os.Stdin) // until all have picked
		return
	}
	lines := []string{picked.String()}
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAPortIsPickedOnce$")
		cmd.Env = append(os.Environ(), helper+"=1")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		}()
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	seen := make(map[string]bool)
	for _, line := range lines {
		ports := strings.Fields(line)
		if len(ports) != 150 {
			t.Errorf("%d ports: %s", len(ports), line)
		}
		for _, port := range ports {
			if seen[port] {
				t.Errorf("%s was picked twice", port)
			}
			seen[port] = true
		}
	}
}

func TestMorePortsThanABlockHas(t *testing.T) {
	for range 450 {
		listener, err := testport.Listen()
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
	}
}

func TestListenTakesAPortOnLoopback(t *testing.T) {
	a, err := testport.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if !a.Addr().(*net.TCPAddr).IP.IsLoopback() {
		t.Errorf("listens on %v", a.Addr())
	}
	if b, err := net.Listen("tcp", a.Addr().String()); err == nil {
		b.Close()
		t.Errorf("%v could be taken twice", a.Addr())
	}
}
