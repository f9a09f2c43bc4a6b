package tdstest

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strings"
)

// Query is one statement to answer.
type Query struct {
	Request         // what it came in; SQL is the statement, also that of a prepared one, and Params are its own
	Session  int    // the ID of its Connection
	Login    *Login // who asks
	Database string // the current one
	Depth    int    // how many times a transaction was begun that is still open
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
	Outputs  []Param   // RPC: the parameters that come back
	Return   int32     // RPC: what the procedure returns
	Rollback bool      // the transaction is gone, as after an error with XACT_ABORT ON
	Fault    Fault     // instead of the end of the response; its stage means nothing
}

// Result is what one statement of a response gives: rows, or where it has no columns a count.
type Result struct {
	Columns []Column
	Rows    iter.Seq2[[]any, error] // nil: none; an error is sent as a Message is, or as the text of one, and ends it
	Count   int64                   // without columns: the rows affected; negative: not said
}

// Column is a column of a result.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
}

// Rows is the response with one result set. The values may be nil and what [Param] has; besides, int fits a
// number, and a string everything that can be written in quotes.
func Rows(columns []Column, rows ...[]any) Response {
	return Response{Results: []Result{{Columns: columns, Rows: func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}}}}
}

// Affected is the response to a statement that changed n rows.
func Affected(n int64) Response { return Response{Results: []Result{{Count: n}}} }

// Fail is the response of a statement that failed.
func Fail(messages ...Message) Response { return Response{Messages: messages} }

// Always returns a handler that gives this response to everything.
func (r Response) Always() Handler { return func(context.Context, Query) Response { return r } }

// rule is a handler and what it answers.
type rule struct {
	matches func(text string) bool
	handler Handler
}

// Handle makes h answer a statement or a call of a procedure: text is the whole of it, or the name. Case, white
// space around it and a semicolon at its end make no difference. The last one set for a text counts, before
// what the server and its Backend know.
func (s *Server) Handle(text string, h Handler) {
	want := bare(text)
	s.rule(func(got string) bool { return strings.EqualFold(got, want) }, h)
}

// HandleMatch is Handle for every text in which pattern is found.
func (s *Server) HandleMatch(pattern *regexp.Regexp, h Handler) { s.rule(pattern.MatchString, h) }

func (s *Server) rule(matches func(string) bool, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(slices.Clip(s.rules), rule{matches, h}) // a copy: find reads without the lock
}

// find returns the handler for a text, or nil.
func (s *Server) find(text string) Handler {
	s.mu.Lock()
	rules := s.rules
	s.mu.Unlock()
	text = bare(text)
	for _, r := range slices.Backward(rules) {
		if r.matches(text) {
			return r.handler
		}
	}
	return nil
}

func bare(text string) string { return strings.TrimRight(strings.TrimSpace(text), "; \t\r\n") }
