package status

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// mostEvents is how many events are kept.
const mostEvents = 100

// Event is what happened, as the page and its JSON show it.
type Event struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	Name  string    `json:"name,omitempty"` // of the connection
	Level string    `json:"level"`          // "info", "good", "warn" or "error"
	Text  string    `json:"text,omitempty"`
	Hint  string    `json:"hint,omitempty"`
}

// eventLog holds the last events.
type eventLog struct {
	mu   sync.Mutex
	last []Event // oldest first
}

func (l *eventLog) add(e observer.Event) {
	shown, ok := show(e)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == mostEvents {
		l.last = slices.Delete(l.last, 0, 1)
	}
	l.last = append(l.last, shown)
}

// newestFirst returns the events.
func (l *eventLog) newestFirst() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := append([]Event{}, l.last...) // not nil, which JSON tells from none
	slices.Reverse(all)
	return all
}

// show returns what is shown of an event. Of those that are not Patchbay's it is the name alone: nobody knows what else
// is in them.
func show(e observer.Event) (Event, bool) {
	s := Event{At: time.Now(), Event: e.EventName(), Level: "info"}
	switch e := e.(type) {
	case conn.Dialed:
		return s, false // too many
	case conn.Opened:
		s.Name, s.Level, s.Text = e.Name, "good", "opened in "+round(e.Took)
		if e.Attempts > 1 {
			s.Text += fmt.Sprintf(", with %d attempts", e.Attempts)
		}
	case conn.Closed:
		s.Name, s.Text = e.Name, "closed"
	case conn.Failed:
		s.Name, s.Level, s.Text, s.Hint = e.Name, "error", because(e.Kind, e.Err), e.Hint
	case conn.Retrying:
		s.Name, s.Level, s.Text, s.Hint = e.Name, "warn", because(e.Kind, e.Err)+"; again in "+round(e.Delay), e.Hint
	case conn.Warmed:
		s.Name, s.Text, s.Hint = e.Name, fmt.Sprintf("%d of %d connections are ready", e.Ready, e.Min), e.Hint
		if e.Err != nil {
			s.Level = "warn"
			s.Text += "; " + because(e.Kind, e.Err)
		}
	case conn.HostDown:
		s.Name, s.Level, s.Text = e.Name, "warn", e.Host+": "+because(e.Kind, e.Err)
	case conn.HostUp:
		s.Name, s.Level, s.Text = e.Name, "good", e.Host+" is back"
	case conn.RoleChanged:
		s.Name, s.Level, s.Text = e.Name, "warn", e.Host+" is now "+part(e.Is)+", and was "+part(e.Was)
	case conn.Lost:
		s.Name, s.Level, s.Text, s.Hint = e.Name, "error", because(e.Kind, e.Err), e.Hint
	case conn.Restored:
		s.Name, s.Level, s.Text = e.Name, "good", "back after "+round(e.After)
	case manager.Starved:
		s.Name, s.Level, s.Hint = e.Name, "error", e.Hint
		s.Text = fmt.Sprintf("connections in use: all %d, for %s; calls that had to wait: %d", e.Max, round(e.For), e.Waits)
	case manager.Recovered:
		s.Name, s.Level, s.Text = e.Name, "good", "a connection is free again after "+round(e.After)
	case manager.Held:
		s.Name, s.Level, s.Text = e.Name, "warn", "a lease has been held for "+round(e.For)
	case manager.Evicted:
		s.Name, s.Text = e.Name, "evicted: "+string(e.Reason)
	case observer.Error:
		s.Level, s.Text = "error", e.Source
		if err, ok := e.Err.(*conn.Error); ok {
			s.Name, s.Hint = err.Name, err.Hint
			s.Text += ": " + because(err.Kind, err.Err)
		}
	}
	return s, true
}

func because(kind conn.Kind, err error) string {
	if err == nil {
		return kind.String()
	}
	if e, ok := err.(*conn.Error); ok { // its name and hint are shown beside it
		err = cmp.Or(e.Err, err)
	}
	return kind.String() + ": " + shorten(oneLine(err.Error()))
}

// mostOfError is how much of an error is shown.
const mostOfError = 600

func shorten(text string) string {
	if len(text) <= mostOfError {
		return text
	}
	end := mostOfError
	for end > 0 && text[end]&0xc0 == 0x80 { // the middle of a character
		end--
	}
	return text[:end] + " ..."
}

// round prints a duration with the digits that matter.
func round(d time.Duration) string {
	switch {
	case d >= time.Minute:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(100 * time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(100 * time.Microsecond)
	}
	return d.String()
}

// part says what a server is.
func part(r conn.Role) string {
	if r == conn.RoleAny {
		return "neither writer nor reader"
	}
	return "a " + r.String()
}
