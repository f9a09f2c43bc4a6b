package tdstest

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// Query is one statement to answer.
type Query struct {
	Request        // what it came in
	Session int    // the ID of its Connection
	Login   *Login // who asks
}

// Param returns the value of the parameter called name, with its @; nil if there is none.
func (q Query) Param(name string) any {
	for _, p := range q.Params {
		if strings.EqualFold(p.Name, name) {
			return p.Value
		}
	}
	return nil
}

// Handler answers statements. It is called on the goroutine of the connection, so that calls for different
// connections are concurrent. Its context ends when the client cancels or leaves, and when the server ends
// the session: then it must return, and what it returns is dropped.
type Handler func(ctx context.Context, q Query) Response

// Response is what the client gets for a statement. The zero value is a statement that did something and has
// nothing to say.
type Response struct {
	Results  []Result
	Messages []Message // sent after the results: errors and notices
	Rollback bool      // the transaction is gone, as after an error with XACT_ABORT ON
	Fault    Fault     // instead of the end of the response; its stage means nothing
}

// Result is what one statement of a response gives: rows, or where it has no columns a count.
type Result struct {
	Columns []Column
	Rows    iter.Seq[[]any] // nil: none
	Count   int64           // without columns: the rows affected; negative: not said
}

// Column is a column of a result.
type Column struct {
	Name string
	Type Type
}

// Rows is the response with one result set. The values may be nil and what [Param] has; besides, an int is an
// integer, and a string a decimal with all digits of its scale, or a uniqueidentifier.
func Rows(columns []Column, rows ...[]any) Response {
	return Response{Results: []Result{{Columns: columns, Rows: slices.Values(rows)}}}
}

// Affected is the response to a statement that changed n rows.
func Affected(n int64) Response { return Response{Results: []Result{{Count: n}}} }

// Fail is the response of a statement that failed.
func Fail(messages ...Message) Response { return Response{Messages: messages} }

// Always returns a handler that gives this response to everything.
func (r Response) Always() Handler { return func(context.Context, Query) Response { return r } }

// Handle makes h answer a batch, the SQL of sp_executesql, or a call of a procedure: text is the whole of it, or the
// name. Case, white space around it and a semicolon at its end make no difference. The last one set for a text
// counts, before what the server answers by itself.
func (s *Server) Handle(text string, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[bare(text)] = h
}

// find returns the handler for a text, or nil.
func (s *Server) find(text string) Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handlers[bare(text)]
}

// bare is what a text has in common with those that are handled alike.
func bare(text string) string {
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(text), "; \t\r\n"))
}
