package manager

// Evicted says that the manager took a connection out of use: it is opened again when it is next asked for. Its
// conn.Closed follows, after the grace if someone may still hold it.
type Evicted struct {
	Name    string
	Dialect string
	Reason  Reason
}

// EventName returns "pool:evict".
func (Evicted) EventName() string { return "pool:evict" }

// Reason says why a connection was evicted.
type Reason string

// The reasons for an eviction.
const (
	ReasonLimit Reason = "limit" // another one was to be opened; see [WithLimit]
	ReasonIdle  Reason = "idle"  // nobody used it; see [WithIdleTime]
)
