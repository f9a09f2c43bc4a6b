package tsql

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// The forms in which times are kept, of full precision.
const (
	offsetForm   = "2006-01-02 15:04:05.0000000 -07:00"
	dateTimeForm = "2006-01-02 15:04:05.0000000"
	dateForm     = "2006-01-02"
	timeForm     = "15:04:05.0000000"
)

// formOf is the form of the values of a type of dates and times.
func formOf(t tdstest.Type) string {
	name, _, _ := strings.Cut(t.String(), "(")
	switch name {
	case "datetimeoffset":
		return offsetForm
	case "date":
		return dateForm
	case "time":
		return timeForm
	}
	return dateTimeForm
}

// bind makes SQLite's arguments of parameters. Their names are the same there.
func bind(params []tdstest.Param) ([]any, error) {
	args := make([]any, 0, len(params))
	for i, p := range params {
		switch v := p.Value.(type) {
		case time.Time:
			p.Value = v.Format(formOf(p.Type))
		case *tdstest.Table:
			return nil, fmt.Errorf("tsql: parameter %s is a table, which is not supported", p.Name)
		}
		name := strings.TrimPrefix(p.Name, "@")
		if name == "" {
			return nil, fmt.Errorf("tsql: parameter %d has no name", i+1)
		}
		args = append(args, sql.Named(name, p.Value))
	}
	return args, nil
}
