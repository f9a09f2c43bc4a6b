package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// result is what a ping of one connection found out.
type result struct {
	Name     string  `json:"name"`
	Target   string  `json:"target"` // as a URL, without a password and parameters
	OK       bool    `json:"ok"`
	Version  string  `json:"version,omitempty"`    // of the server
	Open     float64 `json:"openMillis,omitempty"` // connecting, logging in and a first query
	Ping     float64 `json:"pingMillis,omitempty"` // a round trip on the open connection
	Attempts int     `json:"attempts"`
	Kind     string  `json:"kind,omitempty"`
	Error    string  `json:"error,omitempty"`
	Hint     string  `json:"hint,omitempty"`

	kind conn.Kind
}

// probe tries to open a connection, once, or for as long as wait allows while the failure is one that may pass.
// progress, which may be nil, gets each failure that is not the last.
func probe(ctx context.Context, c connection, wait time.Duration, progress func(result)) result {
	r := result{Name: c.name, Target: target(c.cfg)}
	if c.err != nil {
		r.fail(untried{c.err})
		return r
	}
	until := ctx
	if wait > 0 {
		var cancel context.CancelFunc
		until, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	delays := retry.WithCappedDuration(2*time.Second, retry.NewExponential(100*time.Millisecond))
	var last error // of an attempt that was not cut short, if there is one
	err := retry.Do(until, retry.WithJitterPercent(10, delays), func(ctx context.Context) error {
		r.Attempts++
		err := r.attempt(ctx, c)
		if err != nil && (ctx.Err() == nil || last == nil) {
			last = err
		}
		if wait > 0 && err != nil && passes(last) {
			if progress != nil {
				now := r
				now.fail(last)
				progress(now)
			}
			return retry.RetryableError(err)
		}
		return err
	})
	if err == nil {
		return r
	}
	if last == nil { // the context had ended before
		last = err
	}
	r.fail(last)
	switch {
	case ctx.Err() != nil:
		r.kind, r.Hint, r.Error = conn.KindCanceled, "", "interrupted: "+r.Error
	case until.Err() != nil:
		r.Error = fmt.Sprintf("not ready within %v: %s", wait, r.Error)
		if r.kind == conn.KindCanceled { // by the end of the wait
			r.kind = conn.KindTimeout
		}
	}
	r.Kind = r.kind.String()
	return r
}

// attempt opens the connection, asks for the version and closes it.
func (r *result) attempt(ctx context.Context, c connection) (err error) {
	if _, err := registry.Lookup(c.cfg.Dialect); err != nil {
		return untried{err}
	}
	each := c.cfg.ConnectTimeout
	if each == 0 {
		each = registry.DefaultConnectTimeout
	}
	if each > 0 {
		// Connecting has this time to itself; a server that lets in and does not answer gets it once more.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, 2*each, &silent{each})
		defer cancel()
	}
	defer func() {
		var s *silent
		if err != nil && errors.As(context.Cause(ctx), &s) {
			err = s
		}
	}()

	start := time.Now()
	db, done, err := open(ctx, c, conn.NoCreate())
	if err != nil {
		return err
	}
	defer func() {
		_, closed := done()
		err = errors.Join(err, closed)
	}()
	opened := time.Now()
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	r.Open, r.Ping = millis(opened.Sub(start)), millis(time.Since(opened))
	version, err := db.Version(ctx)
	switch {
	case err == nil: // any other error says that this server has no version to tell
	case ctx.Err() != nil:
		return err
	case db.Diagnose(err).Kind == conn.KindTimeout:
		return &silent{each}
	}
	r.Version, r.OK = oneLine(version), true
	return nil
}

// silent says that a server let in and did not answer.
type silent struct{ after time.Duration }

func (s *silent) Error() string {
	return fmt.Sprintf("connected, but no answer to a query within %v", s.after)
}

// passes reports whether a failure may be over by itself: what conn calls retryable, and what somebody is about
// to create. A wrong password is not tried twice, because that can lock the user out.
func passes(err error) bool {
	if conn.Retryable(err) {
		return true
	}
	switch kindOf(err) {
	case conn.KindUnreachable, conn.KindTimeout, conn.KindNoDatabase, conn.KindCannotOpen:
		return true
	}
	return false
}

func kindOf(err error) conn.Kind {
	var s *silent
	if errors.As(err, &s) {
		return conn.KindTimeout
	}
	return conn.KindOf(err)
}

func (r *result) fail(err error) {
	r.kind, r.Error = kindOf(err), oneLine(err.Error())
	if !tried(err) {
		r.kind, r.Attempts = conn.KindConfig, 0
	}
	r.Kind = r.kind.String()
	var opening *conn.Error
	if errors.As(err, &opening) {
		r.Error, r.Hint = oneLine(opening.Err.Error()), oneLine(opening.Hint)
	}
	if r.kind == conn.KindConfig { // which the kind says
		r.Error = strings.Replace(r.Error, "config: ", "", 1)
	}
}

// target says what a config opens, and no more than that.
func target(cfg registry.Config) string {
	if cfg.Dialect == "" {
		return ""
	}
	short := registry.Config{
		Dialect: cfg.Dialect, Host: cfg.Host, Port: cfg.Port, Hosts: cfg.Hosts, User: cfg.User,
		Database: cfg.Database, Filename: cfg.Filename,
	}
	return short.String()
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
