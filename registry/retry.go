package registry

import (
	"slices"
	"time"
)

// Retry says how opening a database is tried again. Only failures that may pass are; which these are,
// [Kind.Retryable] tells. For the numbers, 0 means the default and a negative value means none.
type Retry struct {
	// Max is how many further attempts follow the first. Default 3.
	Max int

	// Delay is the pause before the second attempt. Default 1 s.
	Delay time.Duration

	// Factor is by how much the pause grows each time. Default 2.
	Factor float64

	// Jitter is the part of the pause by which it varies at random. Default 0.1, at most 1.
	Jitter float64

	// MaxDelay is the longest pause. Default 30 s.
	MaxDelay time.Duration

	// For is the time from the start of opening after which no further attempt begins. Default: no limit but Max.
	For time.Duration

	// UnknownHost also tries again when the host name does not resolve, for a server whose name appears with it,
	// such as a container that is being started.
	UnknownHost bool

	// Kinds are further kinds of failure to try again after, such as KindNoDatabase where something else is about to
	// create the database.
	Kinds []Kind
}

func (r *Retry) equal(other *Retry) bool {
	return r.Max == other.Max && r.Delay == other.Delay && r.Factor == other.Factor && r.Jitter == other.Jitter &&
		r.MaxDelay == other.MaxDelay && r.For == other.For && r.UnknownHost == other.UnknownHost &&
		slices.Equal(r.Kinds, other.Kinds)
}
