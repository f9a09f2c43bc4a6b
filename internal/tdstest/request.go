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
	Rollback Kind = "rollback" // the transaction
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

// Param is a parameter of a request.
type Param struct {
	Name  string // with its @; empty for one that has only a place
	Type  Type
	Value any // nil for null, else an int64, float64, bool, string, []byte or time.Time
}

// Request is what a client asked for once it was logged in, as it came over the wire.
type Request struct {
	Kind      Kind
	SQL       string    // the text
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
)

func (r *reader) transaction(req *Request) {
	switch kind := r.u16(); kind {
	case tranBegin:
		req.Kind, req.Isolation = Begin, Isolation(r.u8())
		r.bytes(int(r.u8())) // a name, which means nothing
	case tranCommit, tranRollback:
		req.Kind = map[uint16]Kind{tranCommit: Commit, tranRollback: Rollback}[kind]
		if name, flags := r.u8(), r.u8(); name|flags != 0 {
			r.fail(fmt.Errorf("%s to a savepoint, or one that begins the next transaction, which tdstest does not do", req.Kind))
		}
	default:
		r.fail(fmt.Errorf("transaction manager request %d", kind))
	}
}

// procExecuteSQL is the procedure that runs SQL with parameters.
const procExecuteSQL = "sp_executesql"

// idExecuteSQL is its number. go-mssqldb calls no other procedure by its number: MS-TDS, "RPC Request".
const idExecuteSQL = 10

func (r *reader) call(req *Request) {
	if n := r.u16(); n == 0xffff {
		req.Proc = procExecuteSQL
		if id := r.u16(); id != idExecuteSQL {
			r.fail(fmt.Errorf("procedure number %d", id))
		}
	} else {
		req.Proc = ucs2Text(r.bytes(2 * int(n)))
	}
	r.u16() // options
	for len(r.rest) > 0 {
		p := Param{Name: r.bVarChar()}
		r.u8() // whether it comes back, which none does
		p.Type = r.typeInfo()
		p.Value = r.value(p.Type)
		if r.err != nil {
			r.err = fmt.Errorf("parameter %d (%q): %w", len(req.Params)+1, p.Name, r.err)
			return
		}
		req.Params = append(req.Params, p)
	}
	if strings.EqualFold(req.Proc, procExecuteSQL) && len(req.Params) > 0 {
		// The text and the declarations come first; the types of the rest say what is declared.
		req.SQL, _ = req.Params[0].Value.(string)
		req.Params = req.Params[min(2, len(req.Params)):]
	}
}
