package status

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

// Snapshot is what the page shows, and its JSON: durations are in seconds.
type Snapshot struct {
	At      time.Time `json:"at"`
	Program string    `json:"program"`
	Page    string    `json:"page"` // names the version of the page, which loads itself anew when it changes
	Pools   []Pool    `json:"pools"`
	More    int       `json:"more,omitempty"` // pools that are not among them; those with a trouble come first
	Events  []Event   `json:"events"`         // newest first
	Linked  []Driver  `json:"linked"`
	Missing []Driver  `json:"missing"`
}

// Pool is a connection of the manager.
type Pool struct {
	Name        string  `json:"name"`
	Dialect     string  `json:"dialect"`
	Target      string  `json:"target,omitempty"`
	Host        string  `json:"host,omitempty"`
	Role        string  `json:"role,omitempty"`
	State       string  `json:"state"`             // as manager.State has them, or "pending"
	Trouble     string  `json:"trouble,omitempty"` // "lost", "exhausted", "failed" or "retrying"
	Age         float64 `json:"age"`
	Leases      int     `json:"leases"`
	OldestLease float64 `json:"oldestLease,omitempty"`

	InUse   int `json:"inUse"`
	Idle    int `json:"idle"`
	Max     int `json:"max"` // 0: any number
	Min     int `json:"min"`
	MaxIdle int `json:"maxIdle"` // -1: any number

	Waits    int64      `json:"waits"`
	Waited   float64    `json:"waited"`
	Starving *time.Time `json:"starving,omitempty"`
	Lost     *time.Time `json:"lost,omitempty"`
	Retry    *time.Time `json:"retry,omitempty"`
	Failure  *Failure   `json:"failure,omitempty"`

	Opened  uint64            `json:"opened"`
	Failed  map[string]uint64 `json:"failed,omitempty"`
	Connect float64           `json:"connect"` // what opening a connection took, on average
	Within  []uint64          `json:"within"`  // how many took how long: see conn.Dials
	Closed  Closed            `json:"closed"`
}

// Closed is [manager.Closed].
type Closed struct {
	MaxIdle     int64 `json:"maxIdle"`
	MaxIdleTime int64 `json:"maxIdleTime"`
	MaxLifetime int64 `json:"maxLifetime"`
	Other       int64 `json:"other"`
}

// Failure is the last one to open a connection.
type Failure struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	Hint  string    `json:"hint,omitempty"`
	Error string    `json:"error"`
}

// Driver is one that is linked, or one that Patchbay has and the program was built without.
type Driver struct {
	Dialect string `json:"dialect"`
	Module  string `json:"module,omitempty"`
	Tag     string `json:"tag,omitempty"`
}

// mostPools is how many pools are shown.
const mostPools = 500

// snapshots are made at most twice a second, for however many pages are open.
type snapshots struct {
	mu   sync.Mutex
	at   time.Time
	json []byte
}

const snapshotFor = 500 * time.Millisecond

// snapshot returns the state as JSON, in one line.
func (s *Status) snapshot() ([]byte, error) {
	s.shot.mu.Lock()
	defer s.shot.mu.Unlock()
	if s.shot.json != nil && time.Since(s.shot.at) < snapshotFor {
		return s.shot.json, nil
	}
	text, err := json.Marshal(s.Snapshot())
	if err == nil {
		s.shot.at, s.shot.json = time.Now(), text
	}
	return text, err
}

// Snapshot returns what the page shows now.
func (s *Status) Snapshot() Snapshot {
	shot := Snapshot{At: time.Now(), Program: s.title, Page: pageVersion, Pools: []Pool{}, Linked: []Driver{}, Missing: []Driver{}, Events: s.events.newestFirst()}
	for _, row := range s.m.Stats() {
		shot.Pools = append(shot.Pools, poolOf(row))
	}
	if len(shot.Pools) > mostPools {
		slices.SortStableFunc(shot.Pools, func(a, b Pool) int { return cmp.Compare(rank(b), rank(a)) })
		shot.More = len(shot.Pools) - mostPools
		shot.Pools = shot.Pools[:mostPools]
		slices.SortStableFunc(shot.Pools, func(a, b Pool) int { return cmp.Compare(a.Name, b.Name) })
	}
	for _, info := range s.registry.Linked() {
		shot.Linked = append(shot.Linked, Driver{info.Dialect, info.Module, info.Tag})
	}
	for _, info := range registry.Known() {
		if !slices.ContainsFunc(shot.Linked, func(d Driver) bool { return d.Dialect == info.Dialect }) {
			shot.Missing = append(shot.Missing, Driver{info.Dialect, info.Module, info.Tag})
		}
	}
	return shot
}

// rank orders pools by how much they need to be seen.
func rank(p Pool) int {
	switch {
	case p.Trouble != "":
		return 2
	case p.InUse > 0:
		return 1
	}
	return 0
}

func poolOf(row manager.Stat) Pool {
	p := Pool{
		Name: row.Name, Dialect: row.Dialect, Target: row.Target, Host: row.Host, State: row.State.String(), Trouble: trouble(row),
		Age: row.Age.Seconds(), Leases: row.Leases, OldestLease: row.OldestLease.Seconds(),
		InUse: row.DB.InUse, Idle: row.DB.Idle, Max: row.DB.MaxOpenConnections, Min: row.Min, MaxIdle: row.MaxIdle,
		Waits: row.DB.WaitCount, Waited: row.DB.WaitDuration.Seconds(),
		Starving: orNil(row.Starving), Lost: orNil(row.Lost), Retry: orNil(row.Retry),
		Opened: row.Dials.Opened, Within: row.Dials.Within, Closed: Closed(row.Closed),
	}
	if row.Pending {
		p.State = "pending"
	}
	if row.Role != conn.RoleAny {
		p.Role = row.Role.String()
	}
	for kind, n := range row.Dials.Failed {
		if p.Failed == nil {
			p.Failed = make(map[string]uint64)
		}
		p.Failed[kind.String()] = n
	}
	if row.Dials.Opened > 0 {
		p.Connect = row.Dials.Took.Seconds() / float64(row.Dials.Opened)
	}
	if f := row.Failure; f != nil {
		err := f.Err
		if e, ok := err.(*conn.Error); ok { // all else that it says is in a place of its own
			err = cmp.Or(e.Err, err)
		}
		p.Failure = &Failure{f.At, f.Kind.String(), f.Hint, shorten(oneLine(err.Error()))}
	}
	return p
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// trouble is what is wrong now, in a word.
func trouble(row manager.Stat) string {
	switch {
	case !row.Starving.IsZero():
		return "exhausted"
	case !row.Lost.IsZero():
		return "lost"
	case row.State == manager.StateOpening && row.Failure != nil:
		return "retrying"
	case row.Err != nil:
		return "failed"
	}
	return ""
}

// program is the name of the program's file.
func program() string {
	name, err := os.Executable()
	if err != nil {
		name = os.Args[0]
	}
	return strings.TrimSuffix(filepath.Base(name), ".exe")
}
