package tdstest

import (
	"context"
	"regexp"
	"strings"
)

// prepared is a statement that has a handle.
type prepared struct {
	sql   string
	names []string // of its parameters, in the order of their declaration
}

var parameterName = regexp.MustCompile(`@[\w@#$]+`)

// prepare gives a handle to the statement of sp_prepare or sp_prepexec: the handle, the declarations, the text.
// https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-prepare-transact-sql
func (s *session) prepare(req Request) (handle Param, err error) {
	if len(req.Params) < 3 {
		return handle, missingParameter(req.Proc)
	}
	declarations, _ := req.Params[1].Value.(string)
	sql, ok := req.Params[2].Value.(string)
	if !ok {
		return handle, missingParameter(req.Proc)
	}
	s.handles++
	s.prepared[s.handles] = prepared{sql, parameterName.FindAllString(declarations, -1)}
	return Param{Name: req.Params[0].Name, Type: Int, Value: s.handles}, nil
}

// statementOf returns the statement whose handle is the first parameter.
func (s *session) statementOf(req Request) (handle int64, p prepared, err error) {
	if len(req.Params) == 0 {
		return 0, p, missingParameter(req.Proc)
	}
	handle, _ = req.Params[0].Value.(int64)
	p, ok := s.prepared[handle]
	if !ok {
		return handle, p, noHandle(handle)
	}
	return handle, p, nil
}

// executePrepared runs a prepared statement with values that have their names, or their order.
func (s *session) executePrepared(ctx context.Context, req Request, p prepared, values []Param) ([]Param, error) {
	req.SQL, req.Params = p.sql, nil
	for i, v := range values {
		if v.Name == "" && i < len(p.names) {
			v.Name = p.names[i]
		}
		req.Params = append(req.Params, v)
	}
	return s.run(ctx, tokenDoneInProc, req)
}

// procedure runs one of the procedures that the server has itself. known: it is one.
func (s *session) procedure(ctx context.Context, req Request) (outputs []Param, known bool, err error) {
	switch strings.TrimPrefix(strings.ToLower(req.Proc), "sys.") {
	case procExecuteSQL:
		outputs, err = s.run(ctx, tokenDoneInProc, req)
	case procPrepare:
		var handle Param
		handle, err = s.prepare(req)
		outputs = []Param{handle}
	case procPrepExec:
		var handle Param
		if handle, err = s.prepare(req); err == nil {
			outputs, err = s.executePrepared(ctx, req, s.prepared[s.handles], req.Params[3:])
			outputs = append([]Param{handle}, outputs...)
		}
	case procExecute:
		var p prepared
		if _, p, err = s.statementOf(req); err == nil {
			outputs, err = s.executePrepared(ctx, req, p, req.Params[1:])
		}
	case procUnprepare:
		var handle int64
		handle, _, err = s.statementOf(req)
		delete(s.prepared, handle)
	default:
		return nil, false, nil
	}
	return outputs, true, err
}
