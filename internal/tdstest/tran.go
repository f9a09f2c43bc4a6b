package tdstest

import "errors"

// transact does what a request to the transaction manager asks for, and returns the tokens that say so: MS-TDS,
// "Transaction Manager Request". An error is the failure of the request.
func (s *session) transact(req Request) ([]byte, error) {
	switch {
	case req.Kind == Begin:
		return s.beginTran(req.Isolation)
	case s.tran == 0:
		return nil, noTransaction(req.Kind)
	case req.Kind == Commit:
		return s.endTran(envCommit), nil
	}
	return s.endTran(envRollback), nil
}

func (s *session) beginTran(level Isolation) ([]byte, error) {
	if s.tran != 0 {
		return nil, errors.New("tdstest: a transaction has begun already, and transactions do not nest here")
	}
	if level != UseCurrent {
		s.isolation = level // and stays so after the transaction
	}
	s.server.mu.Lock()
	s.server.lastTran++
	s.tran = s.server.lastTran
	s.server.mu.Unlock()
	return appendEnvBytes(nil, envBegin, le.AppendUint64(nil, s.tran), nil), nil
}

// endTran ends the transaction, if there is one, and returns the token that says so.
func (s *session) endTran(how byte) []byte {
	if s.tran == 0 {
		return nil
	}
	ended := le.AppendUint64(nil, s.tran)
	s.tran = 0
	return appendEnvBytes(nil, how, nil, ended)
}
