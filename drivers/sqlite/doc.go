// Package sqlite opens SQLite databases with modernc.org/sqlite, which needs no C compiler. Import it for its
// side effect and build with -tags sqlite (or alldrivers): it registers the dialect "sqlite", alias "sqlite3".
// Without the tag, and on a platform that modernc.org/sqlite does not support, the import is there but empty,
// and the registry says why. It never opens another file than the one that the Config names.
//
// # File names
//
// Filename (or Database, where Filename is empty) is the name of the file, as it is: "a?b#c%20.db" is a file of
// that name, and nothing in it is a parameter. A relative name belongs to the working directory at the time the
// connector is made. On Windows C:\dir\x.db, C:/dir/x.db, /C:/dir/x.db and \\server\share\x.db are understood.
// Refused are names that would end up as another file: with a NUL, ending like a folder, starting with "file:"
// (write ./file:x for such a file), and on Windows what Win32 rewrites, such as a trailing dot. Elsewhere a name
// may have 247 bytes and a path 504, because SQLite puts -journal or -wal after it.
//
// The name ":memory:" is that of a database in memory. Every connection of a connector sees the same one, no
// other connector does, and it lives until the connector is closed, however many connections come and go.
// A write in memory waits, up to busy_timeout, until nobody is reading; a file in WAL mode has no such wait.
//
// # Params
//
// Values are checked when the connector is made; words may be written in either case. What they mean is
// described at https://www.sqlite.org/pragma.html and https://pkg.go.dev/modernc.org/sqlite#Driver.Open.
//
//	name                 values                                     default
//	mode                 rwc, rw (existing file only), ro           rwc
//	immutable            on, off; needs mode=ro                     off
//	busy_timeout         0 to 2147483647 ms                         5000
//	foreign_keys         on, off                                    on
//	journal_mode         wal, delete, truncate, persist, memory,    wal
//	                     off; keep: as the file has it
//	synchronous          off, normal, full, extra                   normal with wal, else full
//	txlock               immediate, deferred, exclusive             immediate
//	time_format          sqlite, datetime, string_no_monotonic      sqlite
//	time_integer_format  unix, unix_milli, unix_micro, unix_nano    none: times are text
//	timezone             UTC, Local, Europe/Zurich, ...;            UTC
//	                     keep: the one that each time has
//	inttotime            on, off                                    off
//	texttotime           on, off                                    off
//	defensive            on, off                                    SQLite's: off
//	dqs                  on, off                                    SQLite's: on
//
// Where on and off are all values, true and false, yes and no, 1 and 0 do as well. mode, immutable, journal_mode and
// synchronous are errors for a database in memory. So are settings of which SQLite would ignore one: journal_mode=off with
// defensive=on, time_format with time_integer_format, session.wal_autocheckpoint with a journal that is no write-ahead log,
// session.journal_size_limit with one that is not kept. Where the file or its file system does not take the journal_mode or
// the mmap_size, connecting fails.
//
// The reasons for the defaults that are not SQLite's own:
//   - busy_timeout: without it, processes that open the same new file at the same time fail. A context that
//     ends, and ConnectTimeout while opening, interrupt the wait.
//   - journal_mode=wal: readers and a writer do not block each other. It is stored in the file, and it is not
//     safe on a network file system: choose delete there. https://www.sqlite.org/wal.html
//   - txlock=immediate: a transaction that reads before it writes cannot fail halfway with SQLITE_BUSY_SNAPSHOT.
//     A transaction begun with sql.TxOptions.ReadOnly takes no lock.
//   - time_format and timezone: modernc's default text holds the reading of the monotonic clock. Times that it has
//     written sort by time_format=string_no_monotonic with timezone=keep, which write the same without that reading.
//
// A [time.Time] is written in UTC, or in the zone of the param timezone. So local midnight east of Greenwich is on the day
// before: write a date as time.Date(y, m, d, 0, 0, 0, 0, time.UTC), or as text.
//
// # Session
//
// Session takes these settings of a connection, which are PRAGMA statements; the numbers that SQLite has for words do as
// well. Those of the table above are errors here.
//
//	name                       values
//	analysis_limit             rows; 0: all
//	auto_vacuum                none, full, incremental; before the first table is made
//	automatic_index            on, off
//	cache_size                 pages, or KiB when negative
//	cache_spill                on, off
//	case_sensitive_like        on, off
//	cell_size_check            on, off
//	checkpoint_fullfsync       on, off; for a file
//	fullfsync                  on, off; for a file
//	ignore_check_constraints   on, off
//	journal_size_limit         bytes, -1 for none; for a file
//	legacy_alter_table         on, off
//	locking_mode               normal; exclusive, for a pool of one connection; for a file
//	max_page_count             pages
//	mmap_size                  0 to 2147418112 bytes; for a file
//	query_only                 on, off
//	read_uncommitted           on, off
//	recursive_triggers         on, off
//	reverse_unordered_selects  on, off
//	secure_delete              on, off, fast
//	temp_store                 default, file, memory
//	threads                    further ones that a statement may use
//	trusted_schema             on, off
//	wal_autocheckpoint         pages; for a file
//	writable_schema            on, off
//
// # Roles
//
// A reader, and preferReader, is a connection with query_only=on, which every file has; a writer is one to a file that can be
// written. A database in memory has writers alone.
//
// # Connection strings
//
// DSN takes what modernc.org/sqlite and github.com/mattn/go-sqlite3 open: a file name or a file: URI, with the parameters
// of both, of which cache=shared, a vfs and extensions are errors that say what to write. It keeps the meaning that it
// had: where it says nothing, foreign_keys is off, busy_timeout 0, txlock deferred, the journal mode that of the file, and
// synchronous full. From mattn, whose default is another, write _busy_timeout=5000. The same parameters are
// understood in Params and in a URL, beside the defaults of the table above.
//
// # Functions and other packages
//
// Functions, collations and hooks that a program registers with modernc.org/sqlite are there on every connection that is
// made afterwards. Register them before the database is opened: the connection that Open has tested is in the pool
// already, and would be the one without them. That holds for a connector of conn.WithConnector as well.
//
// The driver registers "sqlite" with database/sql, and a program that has another package which does that, such as
// github.com/glebarez/go-sqlite, panics at its start: "sql: Register called twice". Import modernc.org/sqlite in its place,
// which is the driver that is used here, or one that registers "sqlite3": github.com/mattn/go-sqlite3, or
// github.com/ncruces/go-sqlite3/driver.
//
// # Reading only
//
// With mode=ro nothing is written to the file, and a setting that would change it is an error. A file in WAL
// mode needs its -wal and -shm files even then: SQLite makes them if it may, and a reader cannot remove them.
// immutable=on does without them, and works in a folder that cannot be written; only use it when nobody writes
// the file. https://www.sqlite.org/wal.html#readonly
//
// A file that this user may not write is opened for reading, as SQLite itself does. The journal mode is left
// alone then, and the first write fails with a KindReadOnly.
package sqlite

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own. In a program that was built
// without the tag, or for a platform that modernc.org/sqlite does not support, it is [registry.Absent].
func Driver() registry.Driver { return linked() }
