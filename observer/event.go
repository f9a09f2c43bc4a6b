package observer

// Event is what a bus carries: usually a plain struct, emitted by value, that is not changed afterwards.
// A program adds an event of its own by declaring a type with this method.
type Event interface {
	// EventName returns what happened, as subject and verb: "connection:open". It is the same for every
	// value of a type, and is what [OnMatch] and [Events] select by.
	EventName() string
}

// Error says that something failed where there was no caller to return the error to.
type Error struct {
	Source string // what failed: "connection", "driver", "observer" for a listener that panicked, or a name of the program's own
	Err    error
}

// EventName returns "error".
func (Error) EventName() string { return "error" }
