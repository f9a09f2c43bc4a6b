package tdstest

import (
	"context"
	"fmt"
)

// respond writes what a statement gives. failed: the statements after it are not to run.
func (s *session) respond(ctx context.Context, token byte, resp Response) (failed bool, err error) {
	for _, result := range resp.Results {
		if failed, err = s.result(ctx, token, result); failed || err != nil {
			return failed, err
		}
	}
	if resp.Rollback {
		if err := s.put(s.endTran(envRollback)); err != nil {
			return true, err
		}
	}
	if len(resp.Messages) > 0 || len(resp.Results) == 0 {
		if failed, err = s.say(token, resp.Messages...); err != nil {
			return failed, err
		}
	}
	if !resp.Fault.none() {
		if err := s.packets.flush(); err != nil {
			return true, err
		}
		if err := s.commit(resp.Fault); err != nil {
			return true, err
		}
	}
	return failed, nil
}

// say writes messages and the end of the statement that they are about.
func (s *session) say(token byte, messages ...Message) (failed bool, err error) {
	var b []byte
	status := uint16(0)
	for _, m := range messages {
		b = appendMessage(b, m)
		switch {
		case m.class() >= classFatal:
			status = doneSevere
		case m.isError() && status == 0:
			status = doneError
		}
	}
	if err := s.put(b); err != nil {
		return true, err
	}
	if err := s.finished(done{token: token, status: status}); err != nil {
		return true, err
	}
	if status == doneSevere {
		return true, errSevere
	}
	return status != 0, nil
}

func (s *session) result(ctx context.Context, token byte, result Result) (failed bool, err error) {
	if len(result.Columns) == 0 {
		d := done{token: token, status: doneCount, rows: result.Count}
		if result.Count < 0 {
			d.status, d.rows = 0, 0
		}
		return false, s.finished(d)
	}
	if err := s.put(appendColumns(nil, result.Columns)); err != nil {
		return true, err
	}
	n := int64(0)
	if result.Rows != nil {
		for row := range result.Rows {
			if err := context.Cause(ctx); err != nil {
				return true, err
			}
			b, err := appendRow(nil, result.Columns, row)
			if err != nil {
				return s.say(token, asMessage(err))
			}
			if err := s.put(b); err != nil {
				return true, err
			}
			if n++; n == 1 {
				if err := s.midResult(); err != nil {
					return true, err
				}
			}
		}
	}
	if err := context.Cause(ctx); err != nil {
		return true, err
	}
	if n == 0 {
		if err := s.midResult(); err != nil {
			return true, err
		}
	}
	return false, s.finished(done{token: token, status: doneCount, rows: n, isRows: true})
}

// midResult is where a result may be cut off. The client has what came before.
func (s *session) midResult() error {
	f := s.server.take(InResult)
	if f.none() {
		return nil
	}
	if err := s.packets.flush(); err != nil {
		return err
	}
	return s.commit(f)
}

// Flags of a column: MS-TDS, "COLMETADATA".
const (
	columnNullable       = 0x01
	columnMaybeUpdatable = 0x08
)

func appendColumns(b []byte, columns []Column) []byte {
	b = le.AppendUint16(append(b, tokenColumns), uint16(len(columns)))
	for _, c := range columns {
		b = le.AppendUint16(le.AppendUint32(b, 0), columnNullable|columnMaybeUpdatable) // after the number of a user type
		b = c.Type.appendInfo(b)
		b = appendBVarChar(b, c.Name)
	}
	return b
}

// appendRow writes a row as ROW: MS-TDS, "ROW".
func appendRow(b []byte, columns []Column, row []any) ([]byte, error) {
	if len(row) != len(columns) {
		return b, fmt.Errorf("tdstest: a row of %d values in a result of %d columns", len(row), len(columns))
	}
	b = append(b, tokenRow)
	for i, c := range columns {
		var err error
		if b, err = c.Type.appendValue(b, row[i]); err != nil {
			return b, err
		}
	}
	return b, nil
}
