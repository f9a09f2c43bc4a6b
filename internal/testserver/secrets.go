package testserver

import (
	"crypto/rand"
	"sync"

	"github.com/patchbay-go/patchbay/internal/testcert"
)

// admin names the administrator of every private server, and the database that MariaDB's come with.
const admin = "patchbay"

// One of each for all servers of a process: they are made from one pristine folder, and a client of one may
// be a client of another.
var (
	password   = sync.OnceValue(rand.Text)
	authority  = sync.OnceValue(func() *testcert.CA { return testcert.NewCA("Patchbay test CA") })
	serverPair = sync.OnceValue(func() testcert.Pair { return authority().Server() })
	clientPair = sync.OnceValue(func() testcert.Pair { return authority().Client(admin) })
)
