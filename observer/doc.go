// Package observer is a typed event bus: events are plain structs, and functions that listen for their type or name
// are called with them. The packages conn and manager emit to it; programs listen with [On], [Once], [OnMatch],
// a [Queue] or [Events], and emit events of their own.
// A listener cannot make an emitter fail, no event is kept for later listeners, and without listeners an event costs
// an atomic load.
//
// # Delivery
//
// On, Once and OnMatch call their function on the goroutine of the emitter, in order of subscription, before
// Emit returns. So an event has been handled when the emitter continues, a slow function slows the emitter down, and
// a function on a bus with several emitting goroutines is called concurrently. Put a slow function behind a
// Queue; a consumer with a loop of its own uses Events.
//
// A function may subscribe, cancel and emit, also on the bus that calls it. A listener that is added during an Emit
// gets the next event, not the one being delivered. A panic in a listener is recovered: the other functions get their
// event, the emitter continues, and the panic becomes an [Error] event whose Err is a [*PanicError]. A panic while
// that event is delivered is not reported again, so that a listener that always panics is not called without end.
//
// # Cancel
//
// The cancel function that a subscription returns may be called at any time, from any goroutine and more than
// once. An Emit that starts after it returned does not call the listener, and neither does one that is under
// way and has not reached it yet. It does not wait: a call that another goroutine has begun may still be running.
package observer
