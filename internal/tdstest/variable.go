package tdstest

import "strings"

// version is what SQL Server 2022 says of itself, as far as programs read it.
const version = "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)"

// properties are what SERVERPROPERTY gives, by the name in lower case.
// https://learn.microsoft.com/sql/t-sql/functions/serverproperty-transact-sql
var properties = map[string]string{
	"productversion": "16.0.1000.6",
	"productlevel":   "RTM",
	"edition":        "Developer Edition (64-bit)",
	"servername":     ServerName,
}

// variables are what a session can be asked about itself.
var variables = map[string]struct {
	Type
	value func(q Query) any
}{
	"@@version":        {NVarChar(300), func(Query) any { return version }},
	"@@servername":     {NVarChar(128), func(Query) any { return ServerName }},
	"@@spid":           {SmallInt, func(q Query) any { return q.Session }},
	"@@trancount":      {Int, func(q Query) any { return q.Depth }},
	"db_name()":        {NVarChar(128), func(q Query) any { return q.Database }},
	"suser_sname()":    {NVarChar(128), func(q Query) any { return q.Login.User }},
	"original_login()": {NVarChar(128), func(q Query) any { return q.Login.User }},
	"app_name()":       {NVarChar(128), func(q Query) any { return q.Login.AppName }},
	"host_name()":      {NVarChar(128), func(q Query) any { return q.Login.HostName }},
}

// Variable returns what a name such as "@@spid" or "db_name()" stands for in the query, and its type; ok is false
// for a name that is none.
func (q Query) Variable(name string) (value any, t Type, ok bool) {
	v, ok := variables[strings.ToLower(name)]
	if !ok {
		return nil, Type{}, false
	}
	return v.value(q), v.Type, true
}
