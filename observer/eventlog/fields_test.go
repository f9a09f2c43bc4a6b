package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

type base struct {
	Name   string
	hidden string
}

type wide struct {
	base
	ServerName   string
	TLS          bool
	URLPath      string
	ID           int
	Tagged       string `json:"other,omitempty"`
	Left         string `json:"-"`
	Took         time.Duration
	At           time.Time
	Ratio        float64
	Count        uint8
	Err          error
	Kind         registry.Kind
	Address      *address
	List         []string
	Durations    []time.Duration
	Addresses    []address
	Params       map[string]int
	Raw          []byte
	Any          any
	Func         func()
	Chan         chan int
	private      int
	EmptyPointer *address
}

type address struct {
	Host string
	Port int
}

func (wide) EventName() string { return "test:wide" }

func TestFieldsAreLoggedAsWhatTheyAre(t *testing.T) {
	text, fields := logged(t, wide{
		base: base{"app", "no"}, ServerName: "db", TLS: true, URLPath: "/x", ID: 7, Tagged: "yes", Left: "no",
		Took: 1500 * time.Millisecond, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Ratio: 0.5, Count: 200,
		Err: fmt.Errorf("open: %w", io.EOF), Kind: registry.KindAuth, Address: &address{"h", 1}, List: []string{"a", "b"},
		Durations: []time.Duration{time.Second}, Addresses: []address{{"h", 0}}, Params: map[string]int{"b": 0, "a": 1},
		Raw: []byte("raw"), Any: address{Host: "any"}, Func: func() {}, Chan: make(chan int), private: 3,
	})
	want := `name=app serverName=db tls=true urlPath=/x id=7 other=yes took=1.5s at=2026-01-02T03:04:05.000Z ratio=0.5 ` +
		`count=200 err="open: EOF" kind=auth address.host=h address.port=1 list="[a b]" durations=[1s] ` +
		`addresses="[[host=h]]" params.a=1 params.b=0 raw="raw" any.host=any`
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	wantFields := map[string]any{
		"name": "app", "serverName": "db", "tls": true, "urlPath": "/x", "id": 7.0, "other": "yes",
		"took": 1.5e9, "at": "2026-01-02T03:04:05Z", "ratio": 0.5, "count": 200.0, "err": "open: EOF", "kind": "auth",
		"address": map[string]any{"host": "h", "port": 1.0}, "list": []any{"a", "b"}, "durations": []any{"1s"},
		"addresses": []any{"[host=h]"}, "params": map[string]any{"a": 1.0, "b": 0.0}, "raw": "cmF3",
		"any": map[string]any{"host": "any"},
	}
	if !reflect.DeepEqual(fields, wantFields) {
		t.Errorf("JSON: got  %v\nwant %v", fields, wantFields)
	}
}

func TestEmptyFieldsAreLeftOut(t *testing.T) {
	for _, e := range []observer.Event{
		wide{}, &wide{}, wide{List: []string{}, Params: map[string]int{}, Address: &address{}, Any: ""}, tick(0),
	} {
		if text, _ := logged(t, e); text != "" {
			t.Errorf("%#v is logged as %s", e, text)
		}
	}
}

type tick int

func (tick) EventName() string { return "test:tick" }

type spoken struct{ Secret string }

func (spoken) EventName() string { return "test:spoken" }
func (spoken) String() string    { return "as it says" }

func TestAnEventThatIsNoStructOrSpeaksForItselfIsOneValue(t *testing.T) {
	for _, c := range []struct {
		e    observer.Event
		want string
	}{
		{tick(3), "event=3"},
		{spoken{"no"}, `event="as it says"`},
		{&spoken{"no"}, `event="as it says"`},
		{&wide{ID: 1}, "id=1"},
	} {
		if text, _ := logged(t, c.e); text != c.want {
			t.Errorf("%T is logged as %s, want %s", c.e, text, c.want)
		}
	}
}

func TestAnErrorIsShownEvenIfItIsAZeroValue(t *testing.T) {
	for _, err := range []error{context.DeadlineExceeded, errors.Join(io.EOF, io.ErrClosedPipe)} {
		for _, e := range []observer.Event{observer.Error{Err: err}, named{Value: err, name: "test"}} {
			_, fields := logged(t, e)
			for _, got := range fields {
				if got != err.Error() {
					t.Errorf("%T: got %q, want %q", e, got, err)
				}
			}
			if len(fields) != 1 {
				t.Errorf("%T: %v", e, fields)
			}
		}
	}
}

func TestNilsInListsAreLoggedAsSuch(t *testing.T) {
	text, _ := logged(t, named{name: "test", Value: map[string]any{
		"ways":  []*byText{nil, {"no"}},
		"plain": []*address{nil, {Host: "h"}},
		"any":   []any{nil, 1},
	}})
	want := `value.any="[<nil> 1]" value.plain="[<nil> [host=h]]" value.ways="[<nil> hidden]"`
	if text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

type node struct {
	Name string
	Next *node
	List []any
	Map  map[string]*node
}

func TestAValueThatContainsItselfComesToAnEnd(t *testing.T) {
	n := &node{Name: "loop"}
	n.Next, n.List, n.Map = n, []any{n}, map[string]*node{"self": n}
	text, _ := logged(t, named{Value: n, name: "test"})
	if len(text) == 0 || len(text) > 1<<16 {
		t.Errorf("%d bytes logged", len(text))
	}
}

type live struct {
	Name  string
	calls int // changes all the time
}

// The race detector sees it if it is read.
func TestAnUnexportedFieldIsNotRead(t *testing.T) {
	l := &live{Name: "app"}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				l.calls++
				runtime.Gosched()
			}
		}
	}()
	for _, e := range []observer.Event{
		named{Value: l, name: "test"}, named{Value: []*live{l}, name: "test"}, named{Value: map[string]*live{"l": l}, name: "test"},
	} {
		for range 20 {
			if text, _ := logged(t, e); !strings.Contains(text, "app") {
				t.Errorf("%v: logged as %s", reflect.TypeOf(e), text)
			}
		}
	}
	close(stop)
	<-stopped
}
