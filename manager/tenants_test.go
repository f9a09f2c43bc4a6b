package manager_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// peak is the most that a number has been.
type peak struct{ n atomic.Int64 }

func (p *peak) see(n int) {
	for old := p.n.Load(); int64(n) > old && !p.n.CompareAndSwap(old, int64(n)); old = p.n.Load() {
	}
}

// openFiles is the number of open files below dir; 0 where the system does not tell.
func openFiles(dir string) (n int) {
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		if name, err := os.Readlink(fd); err == nil && strings.HasPrefix(name, dir) {
			n++
		}
	}
	return n
}

func TestTenThousandNamesWithALimitOfAHundred(t *testing.T) {
	const (
		tenants = 10_000
		limit   = 100
		leased  = 10
		workers = 8
		files   = 3 // the database, its -wal and its -shm
	)
	dir := t.TempDir()
	config := func(i int) (string, conn.Config) {
		name := fmt.Sprint("tenant-", i)
		return name, conn.Config{
			Dialect: "sqlite", Filename: filepath.Join(dir, name+".db"),
			Params: map[string]string{"synchronous": "off"}, // the test is about handles, not about disks
		}
	}
	bus := observer.New()
	var opened, closed, evicted atomic.Int64
	observer.On(bus, func(conn.Opened) { opened.Add(1) })
	observer.On(bus, func(conn.Closed) { closed.Add(1) })
	observer.On(bus, func(e manager.Evicted) {
		evicted.Add(1)
		var i int
		if _, err := fmt.Sscanf(e.Name, "tenant-%d", &i); err != nil || i < leased {
			t.Errorf("evicted %s, which is leased", e.Name)
		}
	})
	m := manager.New(manager.WithLimit(limit), manager.WithObserver(bus))

	goroutines := runtime.NumGoroutine()
	var leases []*manager.Lease
	for i := range leased {
		name, cfg := config(i)
		lease, err := m.Acquire(t.Context(), name, cfg)
		if err != nil {
			t.Fatal(err)
		}
		leases = append(leases, lease)
	}

	var most, mostFiles, mostGoroutines peak
	var next atomic.Int64
	next.Store(leased - 1)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)); i < tenants && !t.Failed(); i = int(next.Add(1)) {
				name, cfg := config(i)
				lease, err := m.Acquire(t.Context(), name, cfg)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				db := lease.Conn()
				if i%2 == 0 { // as a handle that is not kept
					lease.Release()
					if db, err = m.Get(t.Context(), name, cfg); err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
				works(t, db)
				if i%4 == 1 {
					if _, err := db.Exec("CREATE TABLE t (n)"); err != nil { // which needs the other files
						t.Errorf("%s: %v", name, err)
					}
				}
				lease.Release()
				most.see(len(m.Names()))
				mostGoroutines.see(runtime.NumGoroutine() - goroutines)
				if i%100 == 0 {
					mostFiles.see(openFiles(dir))
				}
			}
		})
	}
	wg.Wait()
	for _, lease := range leases {
		works(t, lease.Conn())
		lease.Release()
	}
	if err := m.CloseAll(t.Context()); err != nil {
		t.Error(err)
	}

	t.Logf("at most %d pools, %d files, %d goroutines; %d evictions", most.n.Load(), mostFiles.n.Load(), mostGoroutines.n.Load(), evicted.Load())
	if n := most.n.Load(); n > limit {
		t.Errorf("%d pools were open", n)
	}
	// Besides the limit, each worker may be opening one and evicting one.
	if n := mostFiles.n.Load(); n > files*(limit+2*workers) {
		t.Errorf("%d files were open", n)
	}
	// database/sql has two goroutines for each open pool and one for each that is in its grace; the manager has one for
	// each that it is closing, which a busy machine leaves waiting. They are as many as the limit has it, not the names.
	if n := mostGoroutines.n.Load(); n > 10*limit {
		t.Errorf("%d goroutines were running", n)
	}
	if n := openFiles(dir); n != 0 {
		t.Errorf("%d files are still open", n)
	}
	if opened.Load() < tenants || opened.Load() != closed.Load() {
		t.Errorf("%d opened, %d closed", opened.Load(), closed.Load())
	}
	if made, _ := filepath.Glob(filepath.Join(dir, "*.db")); len(made) != tenants {
		t.Errorf("%d files for %d names", len(made), tenants)
	}
}
