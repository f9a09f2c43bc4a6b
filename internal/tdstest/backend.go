package tdstest

import "context"

// Backend keeps data behind the server, and answers what no handler answers. Its methods may be called
// concurrently.
type Backend interface {
	// Session opens what one login works with in a database. It is called when the first statement needs it.
	Session(ctx context.Context, database string) (Session, error)
}

// Session is one login's view of a [Backend]. It is used by one goroutine at a time. An error that is a [Message]
// goes to the client as it is, any other as the text of one.
type Session interface {
	Query(ctx context.Context, q Query) Response

	Begin(ctx context.Context, level Isolation) error
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
	Save(ctx context.Context, name string) error       // sets a savepoint
	RollbackTo(ctx context.Context, name string) error // goes back to it

	Reset(ctx context.Context) error // drops what belongs to the session alone; no transaction is open
	Close() error                    // rolls back
}
