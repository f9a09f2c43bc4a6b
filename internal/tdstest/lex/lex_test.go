package lex_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/tdstest/lex"
)

func TestABatchIsCutAtItsSemicolons(t *testing.T) {
	for sql, want := range map[string][]string{
		"":                                    nil,
		" ; -- nothing\n ; /* ; */":           nil,
		"select 1;":                           {"select 1"},
		"select ';', [a;b], \"c;d\"; go":      {"select ';', [a;b], \"c;d\"", "go"},
		"select 'it''s;'; x":                  {"select 'it''s;'", "x"},
		"select 1 -- a;b\n, 2; y":             {"select 1 -- a;b\n, 2", "y"},
		"a /* ; /* ; */ ; */ b; c":            {"a /* ; /* ; */ ; */ b", "c"},
		"select 'never closed; select 2":      {"select 'never closed; select 2"},
		"select [never closed]] still; it is": {"select [never closed]] still; it is"},
	} {
		if got := lex.Statements(sql); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q instead of %q", sql, got, want)
		}
	}
}

func TestPiecesAreOfTheirKind(t *testing.T) {
	type piece = lex.Piece
	for sql, want := range map[string][]piece{
		"N'é' x":      {{lex.Text, "N'é'"}, {lex.Space, " "}, {lex.Word, "x"}},
		"@p1>=1.5e-3": {{lex.Word, "@p1"}, {lex.Symbol, ">="}, {lex.Number, "1.5e-3"}},
		"0xAB.c":      {{lex.Number, "0xAB"}, {lex.Symbol, "."}, {lex.Word, "c"}},
		"#t[a]]b]":    {{lex.Word, "#t"}, {lex.Quoted, "[a]]b]"}},
		"a-1":         {{lex.Word, "a"}, {lex.Symbol, "-"}, {lex.Number, "1"}},
	} {
		if got := lex.Pieces(sql); !slices.Equal(got, want) {
			t.Errorf("%q has the pieces %v instead of %v", sql, got, want)
		}
	}
}

func FuzzPiecesAreAllOfTheText(f *testing.F) {
	for _, s := range []string{"select 1", "'", "[", "/*", "N'", "--", "0x", "\xff", "é;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		var b strings.Builder
		for _, p := range lex.Pieces(sql) {
			b.WriteString(p.Text)
		}
		if b.String() != sql {
			t.Fatalf("the pieces of %q are %q", sql, b.String())
		}
		for _, s := range lex.Statements(sql) {
			if s == "" {
				t.Fatalf("%q has an empty statement", sql)
			}
		}
	})
}
