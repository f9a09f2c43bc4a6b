package tsql

import (
	"fmt"
	"strings"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/tdstest/lex"
)

// statement is a statement as SQLite takes it.
type statement struct {
	sql     string
	verb    string   // its first word, in lower case
	rows    bool     // it gives rows
	columns []column // of those rows, as far as the statement tells; nil: not at all
}

// translate rewrites a statement of T-SQL.
func translate(q tdstest.Query) statement {
	l := words(q, parse(q.SQL))
	st := statement{verb: strings.ToLower(l.at(0).Text)}
	switch st.verb {
	case "select":
		l, st.columns = selectList(q, l)
		l = limits(l)
	case "insert", "update", "delete":
		l = output(l)
	case "create", "alter":
		l = definition(l)
	case "truncate":
		if l.is(1, "table") {
			l = l.splice(0, 2, parse("delete from"))
		}
	}
	st.sql = casts(l).String()
	st.rows = st.verb == "select" || st.verb == "with" || st.verb == "values" || l.find(0, "returning") < len(l)
	return st
}

// renamed are functions and values that SQLite calls otherwise.
var renamed = map[string]string{
	"isnull (":           "ifnull (",
	"count_big (":        "count (",
	"scope_identity ( )": "last_insert_rowid ( )",
	"@@identity":         "last_insert_rowid ( )",
	"@@rowcount":         "changes ( )",
	"current_timestamp":  "getdate ( )",
	"dbo .":              "",
	"clustered":          "",
	"nonclustered":       "",
}

// words rewrites what is the same everywhere: how names and values are written.
func words(q tdstest.Query, l list) list {
	var out list
	for i := 0; i < len(l); i++ {
		p := l[i]
		if n, by := rename(q, l[i:]); n > 0 {
			out = append(out, by...)
			i += n - 1
			continue
		}
		switch {
		case p.Kind == lex.Quoted && unquote(p.Text) == "dbo" && l.is(i+1, "."):
			i++
			continue
		case p.Kind == lex.Text && p.Text[0] != '\'':
			p.Text = p.Text[1:]
		case p.Kind == lex.Number && strings.HasPrefix(strings.ToLower(p.Text), "0x"):
			digits := p.Text[2:]
			p = lex.Piece{Kind: lex.Text, Text: "x'" + strings.Repeat("0", len(digits)%2) + digits + "'"}
		case p.Kind == lex.Quoted:
			p.Text = quote(unquote(p.Text))
		case p.Kind == lex.Word && p.Text[0] == '#':
			p = lex.Piece{Kind: lex.Quoted, Text: quote(p.Text)}
		case i > 0 && l.is(i, "with", "("): // hints for a table; a WITH of a query has a name behind it
			i = l.closing(i + 1)
			continue
		}
		out = append(out, p)
	}
	return out
}

// rename says how many of the first pieces of l are to be replaced, and by what.
func rename(q tdstest.Query, l list) (n int, by list) {
	for n := min(3, len(l)); n > 0; n-- {
		if l[0].Kind != lex.Word {
			continue
		}
		if to, ok := renamed[strings.ToLower(l[:n].String())]; ok {
			return n, parse(to)
		}
		name := l[0].Text
		if n == 3 && l.is(1, "(", ")") {
			name += "()"
		} else if n > 1 {
			continue
		}
		if value, _, ok := q.Variable(name); ok {
			if text, ok := value.(string); ok {
				return n, list{{Kind: lex.Text, Text: "'" + strings.ReplaceAll(text, "'", "''") + "'"}}
			}
			return n, list{{Kind: lex.Number, Text: fmt.Sprint(value)}}
		}
	}
	return 0, nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func unquote(name string) string {
	end := name[len(name)-1:]
	return strings.ReplaceAll(strings.TrimSuffix(name[1:], end), end+end, end)
}

// limits rewrites TOP, and OFFSET with FETCH.
func limits(l list) list {
	i := 1
	if l.is(i, "distinct|all") {
		i++
	}
	if l.is(i, "top") {
		end := i + 2
		if l.is(i+1, "(") {
			end = l.closing(i+1) + 1
		}
		limit := append(parse("limit"), l[min(i+1, len(l)):min(end, len(l))]...)
		l = append(l.splice(i, end, nil), limit...)
	}
	at := l.find(0, "offset")
	if !l.is(at+2, "row|rows") {
		return l
	}
	offset, limit := l[at+1], lex.Piece{Kind: lex.Number, Text: "-1"}
	end := at + 3
	if l.is(end, "fetch", "next|first") {
		limit = l.at(end + 2)
		end += 5
	}
	return l.splice(at, end, list{{Kind: lex.Word, Text: "limit"}, limit, {Kind: lex.Word, Text: "offset"}, offset})
}

// output rewrites OUTPUT, which is RETURNING and stands at the end.
func output(l list) list {
	start := l.find(0, "output")
	if start == len(l) {
		return l
	}
	end := l.find(start, "values", "select", "where", "from", "default")
	returning := parse("returning")
	for i := start + 1; i < end; i++ {
		if l.is(i, "inserted|deleted", ".") {
			i++
			continue
		}
		returning = append(returning, l[i])
	}
	return append(l.splice(start, end, nil), returning...)
}
