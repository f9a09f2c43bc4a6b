package conn

import "time"

// Opened says that a database was opened and tested.
type Opened struct {
	Name     string
	Dialect  string
	Attempts int           // how many it took
	Took     time.Duration // from the call of Open, waits between attempts included
}

// Closed says that a database that had been opened was closed.
type Closed struct {
	Name    string
	Dialect string
}

// Failed says that a database could not be opened. Err is the [*Error] that the caller gets. Of one that is opened lazily there
// may be several, until it is opened after all.
type Failed struct {
	Name    string
	Dialect string
	Kind    Kind
	Hint    string // what to check or change; may be empty
	Err     error
}

// Retrying says that an attempt to open a database failed and another will follow.
type Retrying struct {
	Name    string
	Dialect string
	Attempt int           // the one that failed, from 1
	Delay   time.Duration // until the next
	Kind    Kind
	Hint    string
	Err     error // why it failed
}

// Warmed says that the pool's keeper filled it up to Pool.Min: at opening, and when connections had died. If Err is
// not nil, some could not be opened, and the keeper will try again.
type Warmed struct {
	Name    string
	Dialect string
	Ready   int // connections there are now
	Min     int // Pool.Min
	Took    time.Duration
	Kind    Kind
	Hint    string
	Err     error
}

// RoleChanged says that a server is in another role than before, of a pool whose Config has a Role. Err is what made the
// pool ask, if that was an error, such as a write that was refused.
type RoleChanged struct {
	Name    string
	Dialect string
	Host    string // name or address, and port
	Was, Is Role   // RoleAny: it is neither a writer nor a reader, such as a node of a cluster that has lost the others
	Err     error
}

// Dialed says that an attempt to open a connection to the database has ended, be it for [Open], for a query or for
// Pool.Min. There is one for every physical connection, so it is for metrics; that all of them fail, [Lost] says once. While
// a server is down, one for each caller that waited for the result of an attempt counts as failed.
type Dialed struct {
	Name    string
	Dialect string
	Host    string // of several, the one that was reached
	Role    Role   // of its server, as far as the config asks for one
	Took    time.Duration
	Failed  bool
	Kind    Kind // of the failure
}

// Lost says that a database that was open cannot be reached any more: a further connection could not be opened. It comes
// once, until [Restored]. A pool with a Min finds out by itself, within its check interval. Any other learns of it by the
// first query that needs a further connection, since a pool asks its database nothing; and what is in use or idle may go on
// working, as after a change of the password.
type Lost struct {
	Name    string
	Dialect string
	Kind    Kind
	Hint    string
	Open    int // connections that the pool still has
	Err     error
}

// Restored says that a connection could be opened again after [Lost].
type Restored struct {
	Name    string
	Dialect string
	After   time.Duration // since Lost
}

// HostDown says that a server cannot be reached, by this pool or another one. It is told once; then the server is tried
// again from time to time, whenever a connection is needed. Of a single host it is told once the database has been opened.
type HostDown struct {
	Name    string
	Dialect string
	Host    string // name or address, and port
	Kind    Kind
	Err     error
}

// HostUp says that a server for which there was a [HostDown] has been reached.
type HostUp struct {
	Name    string
	Dialect string
	Host    string
}

// EventName returns "connection:open".
func (Opened) EventName() string { return "connection:open" }

// EventName returns "connection:close".
func (Closed) EventName() string { return "connection:close" }

// EventName returns "connection:error".
func (Failed) EventName() string { return "connection:error" }

// EventName returns "connection:retry".
func (Retrying) EventName() string { return "connection:retry" }

// EventName returns "connection:warm".
func (Warmed) EventName() string { return "connection:warm" }

// EventName returns "role:change".
func (RoleChanged) EventName() string { return "role:change" }

// EventName returns "connection:dial".
func (Dialed) EventName() string { return "connection:dial" }

// EventName returns "connection:lost".
func (Lost) EventName() string { return "connection:lost" }

// EventName returns "connection:restore".
func (Restored) EventName() string { return "connection:restore" }

// EventName returns "host:down".
func (HostDown) EventName() string { return "host:down" }

// EventName returns "host:up".
func (HostUp) EventName() string { return "host:up" }
