package tdstest

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
)

// builtins are what the server answers by itself: what the driver and its conformance suite need of every server. The
// forms are of whole texts, as bare has them. Everything else is for a script.
var builtins = []struct {
	form   *regexp.Regexp
	answer func(ctx context.Context, s *session, req Request, words []string) Response // words: the groups of the form
}{
	{regexp.MustCompile(`^select 1$`), func(context.Context, *session, Request, []string) Response {
		return Rows([]Column{{Type: Int}}, []any{1})
	}},
	{regexp.MustCompile(`^select @@spid$`), func(_ context.Context, s *session, _ Request, _ []string) Response {
		return Rows([]Column{{Type: Int}}, []any{s.record.ID})
	}},
	{
		regexp.MustCompile(`^select cast\(serverproperty\('productversion'\) as nvarchar\(128\)\)$`),
		func(context.Context, *session, Request, []string) Response {
			return Rows([]Column{{Type: NVarChar(128)}}, []any{"16.0.1000.6"}) // as serverVersion has it
		},
	},
	{
		regexp.MustCompile(`^select case databasepropertyex\(db_name\(\), 'updateability'\) when 'read_write' then 1 when 'read_only' then 0 end$`),
		func(_ context.Context, s *session, _ Request, _ []string) Response {
			if s.server.Options().ReadOnly {
				return Rows([]Column{{Type: Int}}, []any{0})
			}
			return Rows([]Column{{Type: Int}}, []any{1})
		},
	},
	{
		regexp.MustCompile(`^select transaction_isolation_level from sys\.dm_exec_sessions where session_id = @@spid$`),
		func(_ context.Context, s *session, _ Request, _ []string) Response {
			return Rows([]Column{{Name: "transaction_isolation_level", Type: Int}}, []any{int(s.isolation)})
		},
	},
	{regexp.MustCompile(`^set `), set},
	{regexp.MustCompile(`^waitfor delay '(\d+):(\d+):(\d+)'$`), waitFor},
}

var isolationLevel = regexp.MustCompile(`set transaction isolation level (` + strings.Join(isolationNames[1:], "|") + `)\b`)

// set takes any option; the isolation level is the only one that changes something. What sp_executesql sets ends with
// it, as with every procedure:
// https://learn.microsoft.com/sql/t-sql/statements/set-transaction-isolation-level-transact-sql#remarks
func set(_ context.Context, s *session, req Request, _ []string) Response {
	if req.Kind == Batch {
		for _, words := range isolationLevel.FindAllStringSubmatch(bare(req.SQL), -1) {
			s.isolation = Isolation(slices.Index(isolationNames[:], words[1]))
		}
	}
	return Affected(-1)
}

func waitFor(ctx context.Context, _ *session, _ Request, words []string) Response {
	d, err := time.ParseDuration(words[0] + "h" + words[1] + "m" + words[2] + "s")
	if err != nil {
		return Fail(asMessage(err))
	}
	_ = sleep(ctx, d) // the end of ctx is seen by the caller
	return Affected(-1)
}
