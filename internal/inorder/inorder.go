// Package inorder calls functions in the order in which they were added, without a lock and without a goroutine of its
// own: for events whose order is known under a lock under which they must not be sent.
package inorder

import "sync"

// Calls are functions that wait to be called. The zero value is ready for use.
type Calls struct {
	mu      sync.Mutex
	waiting []func()
	running bool
}

// Add puts f behind those that wait.
func (c *Calls) Add(f func()) {
	c.mu.Lock()
	c.waiting = append(c.waiting, f)
	c.mu.Unlock()
}

// Run calls what waits, one after the other, and returns when nothing does, or at once if another goroutine is at it.
func (c *Calls) Run() {
	for f := c.next(); f != nil; f = c.next() {
		c.call(f)
	}
}

func (c *Calls) next() (f func()) {
	c.mu.Lock()
	if !c.running && len(c.waiting) > 0 {
		f, c.waiting = c.waiting[0], c.waiting[1:]
		c.running = true
	}
	c.mu.Unlock()
	return f
}

func (c *Calls) call(f func()) {
	defer func() { // also if f panics or ends the goroutine
		c.mu.Lock()
		c.running = false
		c.mu.Unlock()
	}()
	f()
}
