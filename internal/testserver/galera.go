package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
)

// StartGalera starts a Galera cluster of n MariaDB servers for this test alone. Each takes writes, which the others have
// a moment later. A server that is killed is missed after about a second; those that are no majority
// then refuse every statement that reads or writes a table. It skips the test, and says so in the summary, where Galera is
// not installed.
func StartGalera(tb testing.TB, n int) []*Server {
	tb.Helper()
	provider := findGalera()
	if p, err := findMariaDB(); err == nil && (provider == "" || p.mysql) {
		Report("mysql", "skipped as a Galera cluster: no libgalera_smm.so, or no MariaDB, found")
		tb.Skip("no Galera found; install galera-4")
	}
	var all []*Server
	var members []string
	for range n {
		s := StartMariaDB(tb, Options{}) // by itself, so that all begin with the same users and nothing has to be copied
		var addresses [2]string
		for i := range addresses {
			port, err := testport.Pick()
			if err != nil {
				tb.Fatal(err)
			}
			addresses[i] = fmt.Sprintf("127.0.0.1:%d", port)
		}
		s.Stop(tb)
		if err := s.write(filepath.Join(s.data(), "grastate.dat"), fmt.Sprintf(galeraState, len(all))); err != nil {
			tb.Fatal(err)
		}
		s.Restart(tb, Options{Settings: galeraSettings(provider, addresses, members)})
		s.awaitLog(tb, "Synchronized with group")
		members = append(members, addresses[0])
		all = append(all, s)
	}
	return all
}

func findGalera() string {
	for _, path := range []string{"/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so", "/usr/lib/galera-4/libgalera_smm.so"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// galeraState says that the nodes have the same data already, so that none is sent another's: the coming of each node
// counts as one write of the cluster.
const galeraState = "# GALERA saved state\nversion: 2.1\nuuid: 5e1fbc0a-6bd1-11ef-9d4b-0b9a4d1d6c7a\nseqno: %d\nsafe_to_bootstrap: 1\n"

// galeraSettings are those for a node that listens at the addresses, at the second one for what it has missed, and joins
// members; without any it makes a cluster. https://mariadb.com/kb/en/configuring-mariadb-galera-cluster/
func galeraSettings(provider string, addresses [2]string, members []string) map[string]string {
	return map[string]string{
		"binlog-format":            "ROW",
		"innodb-autoinc-lock-mode": "2",
		"wsrep-on":                 "ON",
		"wsrep-provider":           provider,
		"wsrep-cluster-address":    "gcomm://" + strings.Join(members, ","),
		"wsrep-node-address":       addresses[0],
		"wsrep-sst-method":         "skip",
		// https://galeracluster.com/library/documentation/galera-parameters.html
		"wsrep-provider-options": fmt.Sprintf("gmcast.listen_addr=tcp://%s;ist.recv_addr=tcp://%s;gcache.size=8M;"+
			"evs.keepalive_period=PT0.2S;evs.suspect_timeout=PT0.6S;evs.inactive_check_period=PT0.1S;evs.inactive_timeout=PT1S",
			addresses[0], addresses[1]),
	}
}
