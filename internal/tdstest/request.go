package tdstest

import (
	"fmt"
	"strings"
)

// Kind is what a request asks for.
type Kind string

// The kinds of requests.
const (
	Batch    Kind = "batch"    // SQL without parameters
	RPC      Kind = "rpc"      // a procedure, or SQL with parameters, which is sp_executesql
	Begin    Kind = "begin"    // a transaction
	Commit   Kind = "commit"   // the transaction
	Rollback Kind = "rollback" // the transaction, or to a savepoint
	Save     Kind = "save"     // a savepoint
)

// Isolation is the isolation level of a transaction: MS-TDS, "Transaction Manager Request".
type Isolation byte

// The isolation levels.
const (
	UseCurrent Isolation = iota // that of the session
	ReadUncommitted
	ReadCommitted
	RepeatableRead
	Serializable
	Snapshot
)

var isolationNames = [...]string{"use current", "read uncommitted", "read committed", "repeatable read", "serializable", "snapshot"}

// String returns the level in words, such as "read committed".
func (i Isolation) String() string {
	if int(i) < len(isolationNames) {
		return isolationNames[i]
	}
	return fmt.Sprintf("isolation %d", byte(i))
}

func parseIsolation(words string) (Isolation, bool) {
	for i, name := range isolationNames {
		if i > 0 && strings.EqualFold(name, strings.Join(strings.Fields(words), " ")) {
			return Isolation(i), true
		}
	}
	return 0, false
}

// Param is a parameter of a request or a response.
type Param struct {
	Name   string // with its @; empty for one that has only a place
	Type   Type
	Output bool // it comes back

	// Value is nil for null, and else an int64, float64, bool, string, []byte, time.Time or *Table. A decimal and
	// a uniqueidentifier are strings.
	Value any
}

// Table is the value of a table-valued parameter.
type Table struct {
	Name    string // of its type, with the schema if there is one
	Columns []Type
	Rows    [][]any
}

// Request is what a client asked for once it was logged in, as it came over the wire.
type Request struct {
	Kind      Kind
	SQL       string    // the text; of a Save, and of a Rollback to it, the name
	Proc      string    // RPC: the procedure that was called, such as "sp_executesql"
	Params    []Param   // RPC: those of SQL where there is one, else those of Proc
	Isolation Isolation // Begin: the level asked for

	Transaction uint64 // the transaction that it belongs to, as the client sees it; 0: none
	Reset       bool   // the session was to be reset first, as a pool does when it hands out a connection
	KeepTran    bool   // the reset was to keep the transaction
}

// headerTransaction is the kind of header that names the transaction: MS-TDS, "Transaction Descriptor Header".
const headerTransaction = 2

// headers reads what stands before every request: MS-TDS, "ALL_HEADERS Rule Definition".
func (r *reader) headers(req *Request) {
	size := r.u32()
	if size < 4 {
		r.fail(fmt.Errorf("headers of %d bytes", size))
	}
	all := reader{rest: r.bytes(int(size) - 4)}
	for len(all.rest) > 0 && all.err == nil {
		h := reader{rest: all.bytes(int(all.u32()) - 4)}
		if h.u16() == headerTransaction {
			req.Transaction = h.u64()
		}
		all.err = h.err
	}
	if all.err != nil {
		r.fail(all.err)
	}
}

// parseRequest reads the request that m is.
func parseRequest(m message) (Request, error) {
	req := Request{
		Reset:    m.status&(statusReset|statusResetKeepTran) != 0,
		KeepTran: m.status&statusResetKeepTran != 0,
	}
	r := reader{rest: m.data}
	r.headers(&req)
	switch m.kind {
	case typeBatch:
		req.Kind = Batch
		req.SQL = ucs2Text(r.rest)
	case typeRPC:
		req.Kind = RPC
		r.call(&req)
	case typeTran:
		r.transaction(&req)
	}
	return req, r.err
}

// Requests to the transaction manager: MS-TDS, "Transaction Manager Request".
const (
	tranBegin    = 5
	tranCommit   = 7
	tranRollback = 8
	tranSave     = 9
)

func (r *reader) transaction(req *Request) {
	switch kind := r.u16(); kind {
	case tranBegin:
		req.Kind, req.Isolation = Begin, Isolation(r.u8())
		r.bytes(int(r.u8())) // a name, which means nothing
	case tranCommit, tranRollback:
		req.Kind = map[uint16]Kind{tranCommit: Commit, tranRollback: Rollback}[kind]
		req.SQL = ucs2Text(r.bytes(int(r.u8())))
		if r.u8() != 0 && r.err == nil {
			r.fail(fmt.Errorf("%s that begins the next transaction, which tdstest does not do", req.Kind))
		}
	case tranSave:
		req.Kind, req.SQL = Save, ucs2Text(r.bytes(int(r.u8())))
	default:
		r.fail(fmt.Errorf("transaction manager request %d", kind))
	}
}
