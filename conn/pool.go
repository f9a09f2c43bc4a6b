package conn

import (
	"cmp"
	"database/sql"
	"math"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// limitPool sets the bounds of db. Unless MaxIdle says less, idle connections are kept up to the maximum: database/sql's own default of two makes a
// busy pool reconnect all the time.
func limitPool(db *sql.DB, p Pool) {
	db.SetMaxOpenConns(maxOpen(p))
	db.SetMaxIdleConns(maxIdle(p))
	db.SetConnMaxIdleTime(maxIdleTime(p))
	db.SetConnMaxLifetime(max(p.MaxLifetime, 0))
}

// maxOpen is how many connections there may be; 0: any number.
func maxOpen(p Pool) int { return max(cmp.Or(p.Max, registry.DefaultPoolMax), 0) }

// maxIdle is how many connections may be idle.
func maxIdle(p Pool) int { return max(cmp.Or(p.MaxIdle, maxOpen(p), math.MaxInt32), 0) }

// maxIdleTime is 0 if connections may be idle for ever.
func maxIdleTime(p Pool) time.Duration {
	return max(cmp.Or(p.MaxIdleTime, registry.DefaultMaxIdleTime), 0)
}
