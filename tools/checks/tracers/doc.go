// Package tracers shows and measures tracers of other people beside manager/otelpool: what is said of queries comes from
// them, what is said of pools from there.
package tracers
