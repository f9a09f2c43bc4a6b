package observer_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/patchbay-go/patchbay/observer"
)

// Backup is an event of a program's own.
type Backup struct {
	File string
	Took time.Duration
}

func (Backup) EventName() string { return "backup:done" }

func Example() {
	bus := observer.New()
	cancel := observer.On(bus, func(e Backup) { fmt.Println(e.File, "took", e.Took) })
	observer.Emit(bus, Backup{"monday.sql", 3 * time.Second})
	cancel()
	observer.Emit(bus, Backup{"tuesday.sql", 4 * time.Second})
	// Output: monday.sql took 3s
}

func ExampleDefault() {
	defer observer.On(observer.Default(), func(e Backup) { fmt.Println(e.File) })()
	observer.Emit(observer.Default(), Backup{File: "monday.sql"})
	// Output: monday.sql
}

func ExampleOn() {
	bus := observer.New()
	observer.On(bus, func(e Backup) { fmt.Println("a backup:", e.File) })
	observer.On(bus, func(e observer.Event) { fmt.Println("any event:", e.EventName()) })

	observer.Emit(bus, Backup{File: "monday.sql"})
	observer.Emit(bus, observer.Error{Source: "backup", Err: errors.New("disk full")})
	// Output:
	// a backup: monday.sql
	// any event: backup:done
	// any event: error
}

func ExampleOnce() {
	bus := observer.New()
	observer.Once(bus, func(e Backup) { fmt.Println("the first:", e.File) })
	observer.Emit(bus, Backup{File: "monday.sql"})
	observer.Emit(bus, Backup{File: "tuesday.sql"})
	// Output: the first: monday.sql
}

func ExampleOnMatch() {
	bus := observer.New()
	observer.OnMatch(bus, observer.Glob("backup:*"), func(e observer.Event) { fmt.Println("glob:", e.EventName()) })
	observer.OnMatch(bus, regexp.MustCompile("^(error|backup:done)$"), func(e observer.Event) {
		fmt.Println("regexp:", e.EventName())
	})
	observer.Emit(bus, Backup{})
	observer.Emit(bus, observer.Error{})
	// Output:
	// glob: backup:done
	// regexp: backup:done
	// regexp: error
}

func ExampleGlob() {
	p := observer.Glob("connection:*")
	fmt.Println(p.MatchString("connection:open"), p.MatchString("pool:evict"))
	// Output: true false
}

func ExampleEmit() {
	bus := observer.New()
	observer.Emit(bus, Backup{File: "nobody listens"})
	observer.On(bus, func(e Backup) { fmt.Println(e.File) })
	observer.Emit(bus, Backup{File: "monday.sql"})
	// Output: monday.sql
}

func ExampleNewQueue() {
	bus := observer.New()
	upload := func(e Backup) { fmt.Println("uploaded", e.File) } // may take its time

	q := observer.NewQueue(100, upload)
	q.Report(bus)
	cancel := observer.On(bus, q.Put)
	observer.Emit(bus, Backup{File: "monday.sql"}) // does not wait for the upload
	observer.Emit(bus, Backup{File: "tuesday.sql"})

	cancel()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	fmt.Println(q.Close(ctx), q.Dropped())
	// Output:
	// uploaded monday.sql
	// uploaded tuesday.sql
	// <nil> 0
}

func ExampleEvents() {
	bus := observer.New()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	working := make(chan struct{})
	go func() { // works until the loop has seen enough
		defer close(working)
		for ctx.Err() == nil {
			observer.Emit(bus, Backup{File: "monday.sql"})
		}
	}()

	for e := range observer.Events(ctx, bus, observer.Glob("backup:*")) {
		switch e := e.(type) {
		case observer.Dropped:
			fmt.Println("too slow for", e.Count, "events")
		case Backup:
			fmt.Println(e.File)
			cancel() // the loop ends with its context
		}
	}
	<-working
	// Output: monday.sql
}

// A panic of a listener harms neither the emitter nor the other listeners. It is an event.
func ExampleError() {
	bus := observer.New()
	observer.On(bus, func(e observer.Error) { fmt.Println(e.Source+":", e.Err) })
	observer.On(bus, func(Backup) { panic("cannot cope") })
	observer.On(bus, func(e Backup) { fmt.Println(e.File) })
	observer.Emit(bus, Backup{File: "monday.sql"})
	// Output:
	// observer: listener of observer_test.Backup panicked: cannot cope
	// monday.sql
}
