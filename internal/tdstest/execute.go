package tdstest

import (
	"cmp"
	"context"
)

// execute does what a request asks for.
func (s *session) execute(ctx context.Context, req Request) error {
	switch req.Kind {
	case Batch:
		return s.run(ctx, tokenDone, req)
	case RPC: // MS-TDS, "RPC Request"
		if err := s.run(ctx, tokenDoneInProc, req); err != nil {
			return err
		}
		if err := s.put(le.AppendUint32([]byte{tokenReturnStatus}, 0)); err != nil {
			return err
		}
		return s.finished(done{token: tokenDoneProc})
	}
	tokens, err := s.transact(req)
	if broken := s.put(tokens); broken != nil {
		return broken
	}
	if err != nil {
		_, err = s.say(tokenDone, asMessage(err))
		return err
	}
	return s.finished(done{token: tokenDone})
}

// run answers the SQL of a request, or the call of a procedure.
func (s *session) run(ctx context.Context, token byte, req Request) error {
	resp := s.response(ctx, req, cmp.Or(req.SQL, req.Proc))
	if err := context.Cause(ctx); err != nil {
		return err
	}
	_, err := s.respond(ctx, token, resp)
	return err
}

// response asks the script, and then the server itself.
func (s *session) response(ctx context.Context, req Request, text string) Response {
	if h := s.server.find(text); h != nil {
		return h(ctx, Query{Request: req, Session: s.record.ID, Login: &s.login})
	}
	for _, b := range builtins {
		if words := b.form.FindStringSubmatch(bare(text)); words != nil {
			return b.answer(ctx, s, req, words[1:])
		}
	}
	return Fail(unscripted(text))
}
