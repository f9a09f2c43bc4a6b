// Package testproxy stands between a client under test and a real server, or in place of one. A [Proxy]
// forwards on loopback, records, counts round trips, adds latency, and stalls, cuts or resets at a chosen
// moment; the listeners misbehave from the start. Everything ends with the test that made it. It knows no
// protocol and never leaves this machine.
package testproxy
