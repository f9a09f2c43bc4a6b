// Package chaos checks that what operators see tells the truth while real servers are killed, frozen and changed.
package chaos
