package tdstest

import (
	"context"
	"regexp"
	"strconv"
	"strings"
)

// builtin is a statement that the server answers itself, because it is about the session or the server.
type builtin struct {
	form *regexp.Regexp

	// answer gets the session and what the groups of the form have found. A [Message] as error fails the statement,
	// errNotMine leaves it to others, and any other error ends the connection.
	answer func(ctx context.Context, s *session, words []string) (Response, error)
}

// builtins are in the order in which they are tried.
var builtins = []builtin{
	{form(`select 1`), selectOne},
	{form(`select (@@\w+|\w+\(\))(?: (?:as )?\[?(\w+)\]?)?`), askVariable},
	{form(`select (?:cast ?\( ?)?serverproperty ?\( ?n?'(\w+)' ?\)(?: as nvarchar ?\( ?128 ?\) ?\))?`), askProperty},
	{form(`select transaction_isolation_level from sys\.dm_exec_sessions where session_id ?= ?@@spid`), askIsolation},
	{form(`set transaction isolation level (\w+(?: \w+)?)`), setIsolation},
	{form(`set \w+ .*`), nothing},
	{form(`use \[?(\w+)\]?`), useDatabase},
	{form(`waitfor delay '([\d:.]+)'`), waitFor},
	{form(`begin tran(?:saction)?`), beginText},
	{form(`commit(?: tran(?:saction)?| work)?`), commitText},
	{form(`rollback(?: tran(?:saction)?| work)?(?: (\w+))?`), rollbackText},
	{form(`save tran(?:saction)? (\w+)`), saveText},
	{form(`kill (\d+)`), kill},
	{form(`print n?'((?:[^']|'')*)'`), printText},
	{form(`raiserror ?\( ?n?'((?:[^']|'')*)' ?, ?(\d+) ?, ?(\d+) ?\)(?: with log)?`), raise},
	{form(`throw (\d+) ?, ?n?'((?:[^']|'')*)' ?, ?(\d+)`), throw},
}

// form compiles the form of a whole statement, in which a space is any white space.
func form(pattern string) *regexp.Regexp {
	pattern = strings.NewReplacer(" ?", `\s*`, " ", `\s+`).Replace(pattern)
	return regexp.MustCompile(`(?is)^` + pattern + `$`)
}

func selectOne(context.Context, *session, []string) (Response, error) {
	return Rows([]Column{{Type: Int, NotNull: true}}, []any{1}), nil
}

func nothing(context.Context, *session, []string) (Response, error) { return Affected(-1), nil }

func askVariable(_ context.Context, s *session, words []string) (Response, error) {
	value, t, ok := s.query(Request{}).Variable(words[0])
	if !ok {
		return Response{}, errNotMine
	}
	return Rows([]Column{{Name: words[1], Type: t}}, []any{value}), nil
}

func askProperty(_ context.Context, _ *session, words []string) (Response, error) {
	var value any // null for what the server does not know
	if text, ok := properties[strings.ToLower(words[0])]; ok {
		value = text
	}
	return Rows([]Column{{Type: NVarChar(128)}}, []any{value}), nil
}

func askIsolation(_ context.Context, s *session, _ []string) (Response, error) {
	return Rows([]Column{{Name: "transaction_isolation_level", Type: SmallInt}}, []any{int(s.isolation)}), nil
}

func setIsolation(_ context.Context, s *session, words []string) (Response, error) {
	level, ok := parseIsolation(words[0])
	if !ok {
		return Response{}, Message{Number: 102, Class: 15, Text: "Incorrect syntax near '" + words[0] + "'."}
	}
	s.isolation = level
	return Affected(-1), nil
}

func useDatabase(_ context.Context, s *session, words []string) (Response, error) {
	name, ok := s.server.Options().database(words[0])
	if !ok {
		return Response{}, noSuchDatabase(words[0])
	}
	return Affected(-1), s.use(name)
}

func waitFor(ctx context.Context, _ *session, words []string) (Response, error) {
	at, err := asTime(words[0])
	if err != nil {
		return Response{}, Message{Number: 148, Class: 15, Text: "Incorrect time syntax in time string '" + words[0] + "' used with WAITFOR."}
	}
	return Affected(-1), sleep(ctx, at.Sub(midnight(at)))
}

// The statements about transactions do what the requests of the same name do.
func beginText(ctx context.Context, s *session, _ []string) (Response, error) {
	return s.tranText(s.beginTran(ctx, UseCurrent))
}

func commitText(ctx context.Context, s *session, _ []string) (Response, error) {
	return s.tranText(s.commitTran(ctx))
}

func rollbackText(ctx context.Context, s *session, words []string) (Response, error) {
	return s.tranText(s.rollback(ctx, words[0]))
}

func saveText(ctx context.Context, s *session, words []string) (Response, error) {
	return s.tranText(nil, s.save(ctx, words[0]))
}

func (s *session) tranText(tokens []byte, err error) (Response, error) {
	if broken := s.put(tokens); broken != nil {
		return Response{}, broken
	}
	if err != nil {
		return Fail(asMessage(err)), nil
	}
	return Affected(-1), nil
}

func kill(_ context.Context, s *session, words []string) (Response, error) {
	id, err := strconv.Atoi(words[0])
	if err != nil || !s.server.Kill(id) {
		return Response{}, Message{Number: 6106, State: 2, Text: "Process ID " + words[0] + " is not an active process ID."}
	}
	return Affected(-1), nil
}

func printText(_ context.Context, _ *session, words []string) (Response, error) {
	return Response{Messages: []Message{{Class: 10, Text: unquote(words[0])}}}, nil
}

func raise(_ context.Context, _ *session, words []string) (Response, error) {
	class, err := strconv.ParseUint(words[1], 10, 8)
	state, err2 := strconv.ParseUint(words[2], 10, 8)
	if err != nil || err2 != nil {
		return Response{}, errNotMine
	}
	return Fail(Message{Number: 50000, Class: byte(class), State: byte(state), Text: unquote(words[0])}), nil
}

func throw(_ context.Context, _ *session, words []string) (Response, error) {
	number, err := strconv.ParseInt(words[0], 10, 32)
	state, err2 := strconv.ParseUint(words[2], 10, 8)
	if err != nil || err2 != nil {
		return Response{}, errNotMine
	}
	return Fail(Message{Number: int32(number), State: byte(state), Text: unquote(words[1])}), nil
}

func unquote(text string) string { return strings.ReplaceAll(text, "''", "'") }
