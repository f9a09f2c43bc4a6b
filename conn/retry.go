package conn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/patchbay-go/patchbay/registry"
)

// delaysOf is one opening's sequence of delays, which begins now.
func delaysOf(r *Retry) retry.Backoff {
	next := float64(max(cmp.Or(r.Delay, time.Second), 0))
	factor := max(cmp.Or(r.Factor, 2), 0)
	jitter := min(max(cmp.Or(r.Jitter, 0.1), 0), 1)
	longest := max(cmp.Or(r.MaxDelay, 30*time.Second), 0)
	most := float64(cmp.Or(longest, 1<<61)) // 73 years, to which the jitter is added
	var delays retry.Backoff = retry.BackoffFunc(func() (time.Duration, bool) {
		now := min(next, most)
		next = now * factor
		return time.Duration(now * (1 + jitter*(2*rand.Float64()-1))), false
	})
	if longest > 0 {
		delays = retry.WithCappedDuration(longest, delays)
	}
	if r.For > 0 {
		delays = retry.WithMaxDuration(r.For, delays)
	}
	return retry.WithMaxRetries(uint64(max(cmp.Or(r.Max, 3), 0)), delays)
}

// worthwhile reports whether another attempt may succeed where this error came.
func worthwhile(err error, r *Retry, driver registry.Driver) bool {
	d := diagnose(err, driver)
	if hosts, ok := errors.AsType[*hostsError](err); ok && d.Kind != KindCanceled {
		any := false
		for _, one := range hosts.all {
			any = any || worthwhile(one.Err, r, driver)
			if !goesOn(one.Kind) { // it kept the others from being tried, such as a refused login, and decides
				return worthwhile(one.Err, r, driver)
			}
		}
		return any
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return r.UnknownHost
	}
	return d.Kind.Retryable() && !d.Permanent || d.Kind != KindUnknown && slices.Contains(r.Kinds, d.Kind)
}

// attempt calls try until it succeeds, fails for good or the context ends, and returns how often it did. It tells onRetry
// of each attempt that another follows.
func (c *connector) attempt(ctx context.Context, r *Retry, onRetry []func(Retrying), try func(context.Context) error) (attempts int, err error) {
	delays := delaysOf(r)
	var last, before error // of the last attempt, and of the one before it
	telling := retry.BackoffFunc(func() (time.Duration, bool) {
		delay, stop := delays.Next()
		if !stop {
			d := diagnose(last, c.driver)
			retrying := Retrying{c.name, c.dialect, attempts, delay, d.Kind, d.Hint, shown(last)}
			for _, f := range onRetry {
				f(retrying)
			}
			c.emit(retrying)
		}
		return delay, stop
	})
	err = retry.Do(ctx, telling, func(ctx context.Context) error {
		attempts++
		before, last = last, try(ctx)
		if ctx.Err() != nil || !worthwhile(last, r, c.driver) {
			return last
		}
		return retry.RetryableError(last)
	})
	if err == nil || ctx.Err() == nil {
		return attempts, err
	}
	// When the context ends between two attempts, the last one's error tells why there had to be another. When it ends
	// during one, that one tells little more than that, and the one before it why.
	cause := context.Cause(ctx)
	ended, ok := errors.AsType[*endError](last)
	during := ok && ended.kind == KindCanceled
	switch {
	case last == nil:
		return attempts, canceled(cause, "opening", nil)
	case during && before != nil:
		return attempts, &endError{KindCanceled, fmt.Errorf("%w; before that: %w", last, before)}
	case during, !worthwhile(last, r, c.driver):
		return attempts, last
	}
	return attempts, &endError{KindCanceled, fmt.Errorf("%w (retries stopped: %w)", last, cause)}
}
