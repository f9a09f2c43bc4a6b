package tdstest

import (
	"context"
	"errors"
	"strings"

	"github.com/patchbay-go/patchbay/internal/tdstest/lex"
)

// execute does what a request asks for.
func (s *session) execute(ctx context.Context, req Request) error {
	switch req.Kind {
	case Batch:
		_, err := s.run(ctx, tokenDone, req)
		return err
	case RPC:
		return s.call(ctx, req)
	}
	tokens, err := s.transact(ctx, req)
	if broken := s.put(tokens); broken != nil {
		return broken
	}
	if err != nil {
		return s.fail(tokenDone, err)
	}
	return s.finished(done{token: tokenDone})
}

// run answers the SQL of a request, whole or statement by statement. It returns the parameters that come back.
func (s *session) run(ctx context.Context, token byte, req Request) (outputs []Param, err error) {
	if h := s.server.find(req.SQL); h != nil {
		resp := h(ctx, s.query(req))
		_, err := s.respond(ctx, token, resp)
		return resp.Outputs, err
	}
	statements := lex.Statements(req.SQL)
	if len(statements) == 0 {
		return nil, s.finished(done{token: token})
	}
	for _, statement := range statements {
		req.SQL = statement
		resp, err := s.statement(ctx, s.query(req), len(statements) > 1)
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, resp.Outputs...)
		if failed, err := s.respond(ctx, token, resp); failed || err != nil {
			return outputs, err
		}
	}
	return outputs, nil
}

func (s *session) query(req Request) Query {
	return Query{Request: req, Session: s.record.ID, Login: &s.login, Database: s.database, Depth: s.depth}
}

var errNotMine = errors.New("somebody else answers that")

// statement asks those who may know the answer, one after the other. part: it is one of several, so that no handler
// has seen it yet. An error ends the request.
func (s *session) statement(ctx context.Context, q Query, part bool) (Response, error) {
	if part {
		if h := s.server.find(q.SQL); h != nil {
			return h(ctx, q), nil
		}
	}
	for _, b := range builtins {
		words := b.form.FindStringSubmatch(bare(q.SQL))
		if words == nil {
			continue
		}
		resp, err := b.answer(ctx, s, words[1:])
		if m, ok := errors.AsType[Message](err); ok {
			return Fail(m), nil
		}
		if err != errNotMine {
			return resp, err
		}
	}
	back, err := s.data(ctx)
	if err != nil {
		return Fail(asMessage(err)), nil
	}
	if back == nil {
		return Fail(unscripted(q.SQL)), nil
	}
	return back.Query(ctx, q), nil
}

// call answers the call of a procedure: MS-TDS, "RPC Request".
func (s *session) call(ctx context.Context, req Request) error {
	outputs, known, err := s.procedure(ctx, req)
	status := int32(0)
	switch {
	case known:
	case s.server.find(req.Proc) != nil:
		resp := s.server.find(req.Proc)(ctx, s.query(req))
		_, err = s.respond(ctx, tokenDoneInProc, resp)
		outputs, status = resp.Outputs, resp.Return
	default:
		err = noProcedure(req.Proc)
	}
	if m, ok := errors.AsType[Message](err); ok {
		_, err = s.say(tokenDoneInProc, m)
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	b := le.AppendUint32([]byte{tokenReturnStatus}, uint32(status))
	for i, p := range outputs {
		if b, err = appendOutput(b, i, p, req); err != nil {
			return s.fail(tokenDoneProc, err)
		}
	}
	if err := s.put(b); err != nil {
		return err
	}
	return s.finished(done{token: tokenDoneProc})
}

// appendOutput writes a parameter that comes back; its type is that with which it was sent unless it has one.
func appendOutput(b []byte, ordinal int, p Param, req Request) ([]byte, error) {
	for _, sent := range req.Params {
		if p.Type == (Type{}) && strings.EqualFold(sent.Name, p.Name) {
			p.Type = sent.Type
		}
	}
	b = le.AppendUint16(append(b, tokenReturnValue), uint16(ordinal))
	b = append(appendBVarChar(b, p.Name), paramOutput)
	b = append(b, 0, 0, 0, 0, 0, 0) // user type and flags
	return p.Type.appendValue(p.Type.appendInfo(b), p.Value)
}
