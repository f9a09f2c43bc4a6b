package manager

import (
	"fmt"

	"github.com/patchbay-go/patchbay/conn"
)

// Track puts a connection that was opened elsewhere under the manager's care, by the name that it was opened
// with: Get hands it out to those who ask for its name and config, and Close and CloseAll close it. It is never
// evicted, because the manager could not open it again the way it was. It is an error if the connection is
// closed already, or if its name stands for another one.
func (m *Manager) Track(c *conn.Conn) error {
	cfg := c.Config()
	p := newPool(c.Name(), c, &cfg)
	p.tracked = true
	p.share() // with those who opened it
	p.watch(m)

	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing != nil {
		return refusal(p.name, p.cfg, ErrClosing)
	}
	if p.isClosed() {
		return fmt.Errorf("connection %q cannot be tracked: it is closed", p.name)
	}
	e := m.entry(p.name)
	has, state := e.config()
	switch {
	case state == StateOpen && e.current.conn == c:
		return nil
	case state != StateClosed:
		return fmt.Errorf("connection %q cannot be tracked: another one of that name %s; close that first, or open this one with another name", p.name, is[state])
	}
	if err := mismatch(p.name, state, has, p.cfg); err != nil {
		return err
	}
	m.publish(p, &flight{entry: e})
	return nil
}
