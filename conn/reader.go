package conn

import (
	"cmp"
	"runtime"
	"strings"
	"time"
)

// Reader returns the pool for reading that Config.Readers asks for. It is open from the beginning and connects when it is
// first used, to a reader where one can be had, unless Readers has another Role. What is read there may be older than what has been
// written, by the delay of the replica.
//
// The pool belongs to c: it is called Name with "/reader" after it, whatever closes c closes it, and Close on it alone is
// not needed. Without Config.Readers, and for a database that can have no second pool, Reader returns c itself, so
// that a program can always ask for it. That is a database in memory and a file of SQLite that does not have
// journal_mode=wal. With a pool for reading, c has one connection on SQLite, because a file has one writer at a time:
// statements that write wait for it in the pool, where busy_timeout does not bound them and their contexts do, and never
// for readers. https://www.sqlite.org/wal.html#concurrency
func (c *Conn) Reader() *Conn {
	if c.reader == nil {
		return c
	}
	return c.reader
}

// mostReaders is how many connections the pool for reading of a dialect with a single writer has at most, unless Readers says so.
const mostReaders = 4

// prepareReader prepares the pool for reading, unless there is to be none, and leaves c what remains.
func (c *Conn) prepareReader(cfg *Config, o *options) *Error {
	if cfg.Readers == nil || o.test || o.serverOnly || c.pool.onePool {
		return nil
	}
	mine := *o
	mine.name = strings.TrimPrefix(o.name+"/reader", defaultName+"/")
	given := *cfg.Readers
	given.Dialect = cfg.Dialect
	readers, _, err := o.resolve(&given)
	if err != nil {
		return &Error{Name: mine.name, Dialect: c.Dialect(), Kind: KindConfig, Err: err}
	}
	readers.Role = cmp.Or(readers.Role, RolePreferReader)
	if c.Info().SingleWriter {
		readers.Pool.Max = cmp.Or(readers.Pool.Max, min(mostReaders, runtime.GOMAXPROCS(0)))
		c.pool.limits = Pool{Max: 1, Min: min(cfg.Pool.Min, 1), MaxIdleTime: -1}
	}
	readers.Complete(cfg)
	readers.Lazy = true
	reader, _, failed := prepare(readers, &mine)
	c.reader = reader
	return failed
}

// startReader starts the pool for reading, if there is one.
func (c *Conn) startReader(check time.Duration) {
	if c.reader == nil {
		return
	}
	c.reader.startLazily(time.Now(), check)
	c.OnClose(func() {
		if !c.pool.closesReader.Load() {
			_ = c.reader.Close() // the bus hears what goes wrong
		}
	})
}

// closeBoth calls f, which closes, for the pool and for the one for reading beside it.
func (c *Conn) closeBoth(f func(*Conn) error) error {
	c.pool.closesReader.Store(true)
	return c.both(f)
}

// both calls f for the pool and for the one for reading beside it, at the same time.
func (c *Conn) both(f func(*Conn) error) error {
	if c.reader == nil {
		return f(c)
	}
	done := make(chan error, 1)
	go func() { done <- f(c.reader) }()
	err := f(c)
	return and(err, "; ", <-done)
}
