package main

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
)

func get(s *server, path string) string {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
}

// 150 tenants, whose visits are counted at the same time: each has its own count, and no more than 100 databases are open.
func TestEachTenantHasItsOwnDatabase(t *testing.T) {
	s := newServer(conn.Config{Dialect: "sqlite", Filename: t.TempDir()})
	defer func() {
		if err := s.databases.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for round := 1; round <= 2; round++ {
		var all sync.WaitGroup
		for i := range 150 {
			all.Go(func() {
				if got, want := get(s, fmt.Sprintf("/tenant%d/count", i)), fmt.Sprint("200 ", round); got != want {
					t.Errorf("tenant %d: got %s, want %s", i, got, want)
				}
			})
		}
		all.Wait()
	}
	if n := len(s.databases.Names()); n > 100 {
		t.Errorf("%d databases are open", n)
	}
	if got := get(s, "/../etc/count"); !strings.HasPrefix(got, "404") {
		t.Errorf("got %s", got)
	}
}
