// Package observer is a typed event bus: what happens to connections is sent as plain structs, and whoever
// cares listens. The packages conn and manager emit to it, programs listen with [On], [Once], [Match], [Queue]
// or [Events], and emit events of their own.
// It never fails or stops an emitter, never keeps an event for those who come later, and costs next to nothing
// when nobody listens.
//
// # Delivery
//
// On, Once and Match call their function on the goroutine of the emitter, in order of subscription, before
// Emit returns. So an event is handled before what it announces goes on, a slow function slows the emitter
// down, and a function that several goroutines emit to is called by them at the same time. Functions that take
// their time belong behind a Queue; a consumer with a loop of its own uses Events.
//
// A function may subscribe, cancel and emit, on the bus that calls it too. What it subscribes gets the next
// event, not the one being delivered. One that panics is contained: the other functions get their event, the
// emitter goes on, and the panic becomes an [Error] event whose Err is a [*PanicError]. A panic while that event
// is delivered goes no further, so that a broken listener of errors is not called without end.
//
// # Cancel
//
// The cancel function that a subscription returns may be called at any time, from anywhere and more than
// once. An Emit that starts after it returned does not call the listener, and neither does one that is under
// way and has not come to it yet. It does not wait: a call that another goroutine has begun may still be running.
package observer
