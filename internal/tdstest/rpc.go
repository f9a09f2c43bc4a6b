package tdstest

import (
	"fmt"
	"strings"
)

// The procedures that have a number: MS-TDS, "RPC Request".
const (
	procExecuteSQL = "sp_executesql"
	procPrepare    = "sp_prepare"
	procExecute    = "sp_execute"
	procPrepExec   = "sp_prepexec"
	procUnprepare  = "sp_unprepare"
)

var procByID = map[uint16]string{
	10: procExecuteSQL, 11: procPrepare, 12: procExecute, 13: procPrepExec, 15: procUnprepare,
}

// Bits of the status of a parameter: MS-TDS, "RPC Request".
const (
	paramOutput    = 0x01
	paramEncrypted = 0x08
)

func (r *reader) call(req *Request) {
	if n := r.u16(); n == 0xffff {
		id := r.u16()
		req.Proc = procByID[id]
		if req.Proc == "" && r.err == nil {
			r.fail(fmt.Errorf("procedure number %d", id))
		}
	} else {
		req.Proc = ucs2Text(r.bytes(2 * int(n)))
	}
	r.u16() // options
	for len(r.rest) > 0 {
		p := r.param()
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

func (r *reader) param() Param {
	p := Param{Name: r.bVarChar()}
	status := r.u8()
	p.Output = status&paramOutput != 0
	if status&paramEncrypted != 0 {
		r.fail(fmt.Errorf("it is encrypted, which tdstest does not read"))
	}
	p.Type = r.typeInfo()
	if p.Type.ID == idTable {
		p.Value = r.table()
	} else {
		p.Value = r.value(p.Type)
	}
	return p
}

// Parts of a table-valued parameter: MS-TDS, "TVP_TYPE_INFO".
const (
	tableEnd     = 0x00
	tableRow     = 0x01
	tableNull    = 0xffff
	tableDefault = 0x200 // flag of a column whose values are left out
)

func (r *reader) table() any {
	_, schema, name := r.bVarChar(), r.bVarChar(), r.bVarChar()
	t := Table{Name: strings.TrimPrefix(schema+"."+name, ".")}
	columns := r.u16()
	if columns == tableNull {
		r.bytes(2) // no metadata and no rows
		return nil
	}
	var absent []bool
	for range columns {
		r.u32() // user type
		flags := r.u16()
		t.Columns = append(t.Columns, r.typeInfo())
		absent = append(absent, flags&tableDefault != 0)
		r.bVarChar()
	}
	if r.u8() != tableEnd && r.err == nil {
		r.fail(fmt.Errorf("a table with an order, which tdstest does not read"))
	}
	for r.u8() == tableRow {
		row := make([]any, len(t.Columns))
		for i, column := range t.Columns {
			if !absent[i] {
				row[i] = r.value(column)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	if r.err != nil {
		return nil
	}
	return &t
}
