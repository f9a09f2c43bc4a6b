package tdstest

import (
	"context"
	"errors"
	"slices"
)

// respond writes what a statement gives. failed: the statements after it are not to run.
func (s *session) respond(ctx context.Context, token byte, resp Response) (failed bool, err error) {
	for _, result := range resp.Results {
		if failed, err = s.result(ctx, token, result); failed || err != nil {
			return failed, err
		}
	}
	if resp.Rollback {
		tokens, err := s.endTran(ctx, envRollback)
		if err := errors.Join(err, s.put(tokens)); err != nil {
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
	columns := slices.Clone(result.Columns)
	for i, c := range columns {
		if never, ok := notNull[c.Type]; ok && c.NotNull {
			columns[i].Type = never
		}
	}
	if err := s.put(appendColumns(nil, columns)); err != nil {
		return true, err
	}
	n := int64(0)
	if result.Rows != nil {
		for row, broken := range result.Rows {
			if err := context.Cause(ctx); err != nil {
				return true, err
			}
			var b []byte
			if broken == nil {
				b, broken = appendRow(nil, columns, row)
			}
			if broken != nil {
				return s.say(token, asMessage(broken))
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
		flags := uint16(columnMaybeUpdatable)
		if !c.NotNull {
			flags |= columnNullable
		}
		b = le.AppendUint16(le.AppendUint32(b, 0), flags) // after the number of a user type
		b = c.Type.appendInfo(b)
		b = appendBVarChar(b, c.Name)
	}
	return b
}

// appendRow writes a row as ROW or, where that is shorter, as NBCROW, which has a bit for each column that is null:
// MS-TDS, "NBCROW".
func appendRow(b []byte, columns []Column, row []any) ([]byte, error) {
	if len(row) != len(columns) {
		return b, Message{Number: 50000, Text: "tdstest: the row of a result does not have as many values as columns"}
	}
	bits := make([]byte, (len(columns)+7)/8)
	var all, some []byte // with and without the nulls
	for i, c := range columns {
		value, err := c.Type.appendValue(nil, row[i])
		if err != nil {
			return b, err
		}
		all = append(all, value...)
		if row[i] == nil {
			bits[i/8] |= 1 << (i % 8)
		} else {
			some = append(some, value...)
		}
	}
	if len(bits)+len(some) < len(all) {
		return append(append(append(b, tokenNBCRow), bits...), some...), nil
	}
	return append(append(b, tokenRow), all...), nil
}
