package tdstest

import (
	"context"
	"strings"
)

// transact does what a request to the transaction manager asks for, and returns the tokens that say so: MS-TDS,
// "Transaction Manager Request". An error is the failure of the request; there may be tokens all the same.
func (s *session) transact(ctx context.Context, req Request) ([]byte, error) {
	switch req.Kind {
	case Begin:
		return s.beginTran(ctx, req.Isolation)
	case Commit:
		return s.commitTran(ctx)
	case Save:
		return nil, s.save(ctx, req.SQL)
	}
	return s.rollback(ctx, req.SQL)
}

// beginTran starts a transaction, or only counts one that is inside another.
func (s *session) beginTran(ctx context.Context, level Isolation) ([]byte, error) {
	if level != UseCurrent {
		s.isolation = level
	}
	if s.tran != 0 {
		s.depth++
		return nil, nil
	}
	back, err := s.data(ctx)
	if err != nil {
		return nil, err
	}
	if back != nil {
		if err := back.Begin(ctx, s.isolation); err != nil {
			return nil, err
		}
	}
	s.server.mu.Lock()
	s.server.lastTran++
	s.tran, s.depth = s.server.lastTran, 1
	s.server.mu.Unlock()
	return appendEnvBytes(nil, envBegin, le.AppendUint64(nil, s.tran), nil), nil
}

func (s *session) commitTran(ctx context.Context) ([]byte, error) {
	if s.tran == 0 {
		return nil, noTransaction("COMMIT")
	}
	if s.depth--; s.depth > 0 {
		return nil, nil
	}
	return s.endTran(ctx, envCommit)
}

// rollback goes back to a savepoint if name is that of one, and otherwise ends the transaction, however deep.
func (s *session) rollback(ctx context.Context, name string) ([]byte, error) {
	if s.tran == 0 {
		return nil, noTransaction("ROLLBACK")
	}
	if name == "" {
		return s.endTran(ctx, envRollback)
	}
	if !s.savepoints[strings.ToLower(name)] {
		return nil, noSavepoint(name)
	}
	if s.back == nil {
		return nil, nil
	}
	return nil, s.back.RollbackTo(ctx, name)
}

func (s *session) save(ctx context.Context, name string) error {
	if s.tran == 0 {
		return noTransaction("SAVE")
	}
	s.savepoints[strings.ToLower(name)] = true
	if s.back == nil {
		return nil
	}
	return s.back.Save(ctx, name)
}

// endTran ends the transaction, if there is one, and returns the token that says so. One that cannot be committed is
// rolled back.
func (s *session) endTran(ctx context.Context, how byte) ([]byte, error) {
	if s.tran == 0 {
		return nil, nil
	}
	ended := le.AppendUint64(nil, s.tran)
	s.tran, s.depth = 0, 0
	clear(s.savepoints)
	if s.back != nil {
		end := s.back.Rollback
		if how == envCommit {
			end = s.back.Commit
		}
		// A request to cancel comes too late for what has been decided.
		if err := end(context.WithoutCancel(ctx)); err != nil {
			return appendEnvBytes(nil, envRollback, nil, ended), err
		}
	}
	return appendEnvBytes(nil, how, nil, ended), nil
}
