package tsql

import (
	"strings"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/tdstest/lex"
)

// definition rewrites CREATE TABLE and ALTER TABLE ADD. SQLite keeps a declared type as it is written, and gives it
// back with the columns of a result: that is where their types come from.
func definition(l list) list {
	if l.is(0, "create", "table") {
		open := l.find(2, "as")
		for i := range l {
			if l[i].Is("(") {
				open = i
				break
			}
		}
		closing := l.closing(open)
		if closing >= len(l) {
			return l
		}
		items := l[open+1 : closing : closing].items()
		keyed := false
		for _, item := range items {
			keyed = keyed || hasKey(item)
		}
		var body list
		for i, item := range items {
			if i > 0 {
				body = append(body, parse(",")...)
			}
			body = append(body, columnDefinition(item, keyed)...)
		}
		l = l.splice(open+1, closing, body)
		if name := l.at(2); name.Kind == lex.Quoted && strings.HasPrefix(name.Text, `"#`) {
			l = l.splice(1, 1, parse("temp"))
		}
		return l
	}
	if add := l.find(0, "add"); l.is(0, "alter", "table") && add < len(l) && !l.is(add+1, "constraint") {
		return l.splice(add+1, len(l), columnDefinition(l[add+1:], true))
	}
	return l
}

func hasKey(item list) bool {
	i := item.find(0, "primary")
	return item.is(i, "primary", "key")
}

// columnDefinition rewrites one; keyed: the table has a primary key.
func columnDefinition(item list, keyed bool) list {
	if item.is(0, "constraint|primary|foreign|unique|check|index") || len(item) < 2 {
		return item
	}
	end := 2 // of the type
	if item.is(2, "precision") {
		end++
	}
	if item.is(end, "(") {
		end = item.closing(end) + 1
	}
	end = min(end, len(item))
	t, err := tdstest.ParseType(strings.Trim(item[1].Text, `"`) + " " + item[2:end].String())
	if err != nil {
		return item
	}
	rest := constraints(item[end:])
	out := item[:1:1]
	if identity := rest.find(0, "identity"); identity < len(rest) {
		after := identity + 1
		if rest.is(after, "(") {
			after = rest.closing(after) + 1
		}
		return append(append(out, parse("integer")...), key(rest.splice(identity, after, nil), keyed)...)
	}
	return append(append(out, parse(declared(t))...), rest...)
}

// key makes a column of type integer the one that SQLite numbers: https://www.sqlite.org/autoinc.html
func key(rest list, keyed bool) list {
	switch at := rest.find(0, "primary"); {
	case rest.is(at, "primary", "key"):
		return rest.splice(at+2, at+2, parse("autoincrement"))
	case !keyed:
		return append(parse("primary key autoincrement"), rest...)
	}
	return rest
}

// declared is how a column of the type is declared, with an order if it needs one.
func declared(t tdstest.Type) string {
	f := familyOf(t)
	d := strings.TrimSpace(f.affinity + " " + strings.Replace(t.String(), "(max)", " max", 1))
	if f.order != "" {
		d += " collate " + f.order
	}
	return d
}

// declaredType reads what declared writes, as SQLite gives it back; zero for anything else.
func declaredType(d string) tdstest.Type {
	d = strings.ToLower(d)
	if d == "integer" {
		return tdstest.BigInt // an identity column
	}
	for _, affinity := range []string{"text ", "blob "} {
		d = strings.TrimPrefix(d, affinity)
	}
	t, err := tdstest.ParseType(strings.Replace(d, " max", "(max)", 1))
	if err != nil {
		return tdstest.Type{}
	}
	return t
}

// constraints puts a default that is a call into brackets, and drops collations, of which there is one here.
func constraints(l list) list {
	var out list
	for i := 0; i < len(l); i++ {
		switch {
		case l.is(i, "collate"):
			i++
		case l.is(i, "default") && l.is(i+2, "("):
			end := min(l.closing(i+2)+1, len(l))
			out = append(append(append(out, parse("default (")...), l[i+1:end]...), parse(")")...)
			i = end - 1
		default:
			out = append(out, l[i])
		}
	}
	return out
}
