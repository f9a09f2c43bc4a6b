package observer

// Event is what a bus carries: usually a plain struct, sent by value, that nobody changes once it is sent.
// Programs add their own by giving a type this method.
type Event interface {
	// EventName returns what happened, as subject and verb: "connection:open". It is the same for every
	// value of a type, and is what [OnMatch] goes by.
	EventName() string
}

// source is the Source of the errors that this package emits.
const source = "observer"

// Error says that something failed where there was no caller to return the error to.
type Error struct {
	Source string // what failed: "connection", "observer" for a listener that panicked, or a name of the program's
	Err    error
}

// EventName returns "error".
func (Error) EventName() string { return "error" }

// Dropped says that a consumer of [Events] was too slow and missed Count events at this place of the sequence.
type Dropped struct{ Count uint64 }

// EventName returns "observer:drop".
func (Dropped) EventName() string { return "observer:drop" }
