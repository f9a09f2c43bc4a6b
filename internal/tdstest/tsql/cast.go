package tsql

import (
	"strings"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/tdstest/lex"
)

// family is what types have in common here: how SQLite keeps and compares them.
type family struct {
	affinity string // the word before a declared type that makes SQLite keep values as they are; none: it does anyway
	order    string // the collation of a column
	cast     string // to what SQLite casts; none: values stay as they are
}

// families of types, by name. https://www.sqlite.org/datatype3.html has the rules of affinity.
var families = map[string]family{
	"tinyint": {cast: "integer"}, "smallint": {cast: "integer"}, "int": {cast: "integer"}, "bigint": {cast: "integer"},
	"bit":  {cast: "integer"},
	"real": {cast: "real"}, "float": {cast: "real"},
	"nvarchar": {"text", textOrder, "text"}, "varchar": {"text", textOrder, "text"},
	"nchar": {"text", textOrder, "text"}, "char": {"text", textOrder, "text"},
	"varbinary": {affinity: "blob", cast: "blob"}, "binary": {affinity: "blob", cast: "blob"},
	"uniqueidentifier": {affinity: "text", order: textOrder},
	"decimal":          {affinity: "text", order: numberOrder}, "numeric": {affinity: "text", order: numberOrder},
	"money": {affinity: "text", order: numberOrder}, "smallmoney": {affinity: "text", order: numberOrder},
	"date": {affinity: "text", order: timeOrder}, "time": {affinity: "text", order: timeOrder},
	"datetime2": {affinity: "text", order: timeOrder}, "datetimeoffset": {affinity: "text", order: timeOrder},
	"datetime": {affinity: "text", order: timeOrder}, "smalldatetime": {affinity: "text", order: timeOrder},
}

func familyOf(t tdstest.Type) family {
	name, _, _ := strings.Cut(t.String(), "(")
	return families[name]
}

// castOf reads a CAST or CONVERT that is all of l. ok is false for anything else.
func castOf(l list) (value list, t tdstest.Type, ok bool) {
	if !l.is(0, "cast|try_cast|convert|try_convert", "(") || l.closing(1) != len(l)-1 {
		return nil, t, false
	}
	inside := l[2 : len(l)-1]
	var declared list
	if l.is(0, "cast|try_cast") {
		as := inside.find(0, "as")
		value, declared = inside[:as:as], inside[min(as+1, len(inside)):]
	} else if items := inside.items(); len(items) > 1 {
		declared, value = items[0], items[1]
	}
	t, err := tdstest.ParseType(declared.String())
	return value, t, err == nil
}

// casts rewrites every CAST and CONVERT.
func casts(l list) list {
	var out list
	for i := 0; i < len(l); i++ {
		if l.is(i, "cast|try_cast|convert|try_convert", "(") {
			end := min(l.closing(i+1)+1, len(l))
			if value, t, ok := castOf(l[i:end:end]); ok {
				out = append(out, cast(casts(value), t)...)
				i = end - 1
				continue
			}
		}
		out = append(out, l[i])
	}
	return out
}

func cast(value list, t tdstest.Type) list {
	to := familyOf(t).cast
	if to == "" {
		return append(append(parse("("), value...), parse(")")...)
	}
	out := append(append(parse("cast ("), value...), parse("as "+to+")")...)
	if t == tdstest.Bit {
		out = append(append(parse("("), out...), parse("<> 0)")...)
	}
	return out
}

// column is what a statement says of a column of its result.
type column struct {
	keep bool         // the name is that of the column that it comes from
	name string       // otherwise
	t    tdstest.Type // zero: unknown
}

// selectList says what the columns of a SELECT are, and rewrites "name = value", which is another "value as name".
func selectList(q tdstest.Query, l list) (list, []column) {
	start := 1
	if l.is(start, "distinct|all") {
		start++
	}
	if l.is(start, "top", "(") {
		start = l.closing(start+1) + 1
	} else if l.is(start, "top") {
		start += 2
	}
	end := l.find(start, "from", "where", "order", "union", "group", "having", "option", "offset", "except", "intersect")
	if start >= end {
		return l, nil
	}
	var columns []column
	var out list
	star := false
	for i, item := range l[start:end:end].items() {
		if i > 0 {
			out = append(out, parse(",")...)
		}
		value, c := alias(item)
		star = star || value.is(len(value)-1, "*")
		c.t = typeOf(q, value)
		columns = append(columns, c)
		out = append(out, value...)
		if !c.keep && c.name != "" {
			out = append(out, parse("as "+quote(c.name))...)
		}
	}
	if star {
		columns = nil // there is no telling which is which
	}
	return l.splice(start, end, out), columns
}

// alias cuts an item of a SELECT into value and name. A value that is no column and has no name is one without.
func alias(item list) (value list, c column) {
	isName := func(p lex.Piece) bool {
		return p.Kind == lex.Quoted || p.Kind == lex.Word && p.Text[0] != '@' && !p.Is("end", "null")
	}
	text := func(p lex.Piece) string {
		if p.Kind == lex.Quoted {
			return unquote(p.Text)
		}
		return p.Text
	}
	last, before := item.at(len(item)-1), item.at(len(item)-2)
	switch {
	case item.is(1, "=") && isName(item[0]):
		return item[2:], column{name: text(item[0])}
	case len(item) > 2 && before.Is("as"):
		return item[:len(item)-2], column{name: strings.Trim(text(last), "'")}
	case len(item) > 1 && isName(last) && (before.Kind != lex.Symbol || before.Is(")")):
		return item[:len(item)-1], column{name: text(last)}
	}
	return item, column{keep: isName(last) && (len(item) == 1 || before.Is(".")) || last.Is("*")}
}

// typeOf tells the type of a value from how it is written; zero: it does not show.
func typeOf(q tdstest.Query, value list) tdstest.Type {
	if _, t, ok := castOf(value); ok {
		return t
	}
	switch p := value.at(0); {
	case value.is(0, "count|len|datalength|changes", "(") && value.closing(1) == len(value)-1:
		return tdstest.Int
	case value.is(0, "last_insert_rowid", "(", ")") && len(value) == 3:
		return tdstest.Decimal(38, 0)
	case len(value) != 1:
	case p.Kind == lex.Word && p.Text[0] == '@':
		for _, param := range q.Params {
			if !strings.EqualFold(param.Name, p.Text) {
				continue
			}
			if param.Type.String() == "null" {
				return tdstest.NVarChar(1) // what the driver declares it to be
			}
			return param.Type
		}
	case p.Kind == lex.Number && len(p.Text) < 10 && !strings.ContainsAny(p.Text, ".eExX"):
		return tdstest.Int
	}
	return tdstest.Type{}
}
