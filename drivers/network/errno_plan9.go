package network

// Plan 9 has texts in place of numbers.
var unreachable, timedOut, lost []error
