package testserver_test

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

// TestGaleraNodeWithoutQuorum has a cluster lose half of its nodes.
func TestGaleraNodeWithoutQuorum(t *testing.T) {
	nodes := testserver.StartGalera(t, 2)
	first, second := connectMariaDB(t, nodes[0].Config()), connectMariaDB(t, nodes[1].Config())
	if _, err := first.Exec("create table shared (n int primary key)"); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := second.Exec("insert into shared values (1)")
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "1146") || t.Context().Err() != nil { // the table has not come yet
			t.Fatal(err)
		}
	}
	nodes[1].Kill(t)
	for {
		_, err := first.Exec("insert into shared values (2) on duplicate key update n = 2")
		if err != nil && strings.Contains(err.Error(), "WSREP has not yet prepared node") {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	if err := first.Ping(); err != nil {
		t.Errorf("a node without quorum does not answer: %v", err)
	}
}
