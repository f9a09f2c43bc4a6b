package conn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/patchbay-go/patchbay/internal/errtree"
	"github.com/patchbay-go/patchbay/registry"
)

// Retry says how a failed attempt to open a database is repeated. Only failures that may pass are repeated;
// see [Retryable]. For the numbers, 0 means the default and a negative value means none.
type Retry struct {
	Max    int           // further attempts after the first; default 3
	Delay  time.Duration // before the second attempt; default 1 s
	Factor float64       // by which the delay grows each time; default 2
	Jitter float64       // part of the delay by which it varies at random; default 0.1, at most 1

	// UnknownHost also repeats when the host name does not resolve, for a server whose name appears with it,
	// such as a container that is being started.
	UnknownHost bool
}

// longestDelay is 73 years, to which the jitter is added.
const longestDelay = 1 << 61

func (r Retry) withDefaults() Retry {
	if r.Max == 0 {
		r.Max = 3
	}
	if r.Delay == 0 {
		r.Delay = time.Second
	}
	if r.Factor == 0 {
		r.Factor = 2
	}
	if r.Jitter == 0 {
		r.Jitter = 0.1
	}
	r.Max = max(r.Max, 0)
	r.Delay = min(max(r.Delay, 0), longestDelay)
	r.Factor = max(r.Factor, 0)
	r.Jitter = min(max(r.Jitter, 0), 1)
	return r
}

// backoff is one opening's sequence of delays.
func (r Retry) backoff() retry.Backoff {
	delay, factor := float64(r.Delay), r.Factor
	grow := retry.BackoffFunc(func() (time.Duration, bool) {
		now := delay
		delay = min(delay*factor, longestDelay)
		return time.Duration(now), false
	})
	jitter := retry.WithJitterPercent(uint64(r.Jitter*100), grow)
	return retry.WithMaxRetries(uint64(r.Max), jitter)
}

// worthwhile reports whether another attempt may succeed where this error came.
func (r Retry) worthwhile(err error, driver registry.Driver) bool {
	if errtree.Find(err, isUnknownHost) != nil {
		return r.UnknownHost
	}
	return kindOf(err, driver).Retryable() && !advise(err, driver).Final
}

func isUnknownHost(err error) bool {
	dns, ok := err.(*net.DNSError)
	return ok && dns.IsNotFound
}

// attempt calls try until it succeeds, fails for good or the context ends, and returns how often it did.
func (c *connector) attempt(ctx context.Context, policy Retry, try func(context.Context) error) (attempts int, err error) {
	policy = policy.withDefaults()
	backoff := policy.backoff()
	var last, before error // of the last attempt, and of the one before it
	for ctx.Err() == nil {
		attempts++
		before, last = last, try(ctx)
		if last == nil {
			return attempts, nil
		}
		if ctx.Err() != nil {
			break
		}
		if !policy.worthwhile(last, c.driver) {
			return attempts, last
		}
		delay, stop := backoff.Next()
		if stop {
			return attempts, last
		}
		emit(c.bus, Retrying{c.name, c.dialect, attempts, delay, kindOf(last, c.driver), last})
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
	// When the context ends between two attempts, the last one's error tells why there had to be another. When it ends
	// during one, that one tells little more than that, and the one before it why.
	cause := context.Cause(ctx)
	switch {
	case last == nil:
		return attempts, cause
	case !errors.Is(last, cause):
		return attempts, fmt.Errorf("%w; before that: %w", cause, last)
	case before != nil:
		return attempts, fmt.Errorf("%w; before that: %w", last, before)
	}
	return attempts, last
}
