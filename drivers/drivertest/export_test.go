package drivertest

import "time"

// SetPatience changes how long the suite waits for what should take no time.
func SetPatience(d time.Duration) { patience = d }
