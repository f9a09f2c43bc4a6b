package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// bind returns the values to bind: texts, or those of --arg or --args.
func (q query) bind(texts []string) ([]any, error) {
	given := 0
	for _, has := range []bool{len(texts) > 0, len(q.args) > 0, q.jsonArgs != ""} {
		if has {
			given++
		}
	}
	if given > 1 {
		return nil, usagef("arguments are given in more than one way: use either those after the SQL, --arg or --args")
	}
	if q.jsonArgs != "" {
		return fromJSON(q.jsonArgs)
	}
	var bound []any
	for _, text := range texts {
		bound = append(bound, text)
	}
	for i, arg := range q.args {
		kind, text, _ := strings.Cut(arg, ":")
		read, known := typedArgs[kind]
		if !known {
			return nil, usagef("--arg %d has no type that is known: write it as int:5, float:1.5, bool:true, text:a, bytes:00ff, json:{}, time:2026-01-02T15:04:05Z or null", i+1)
		}
		value, err := read(text)
		if err != nil {
			return nil, usagef("--arg %d is not of its type: write it as in %s:%s", i+1, kind, examples[kind])
		}
		bound = append(bound, value)
	}
	return bound, nil
}

// typedArgs read the values of --arg by their type.
var typedArgs = map[string]func(string) (any, error){
	"int":   func(s string) (any, error) { return strconv.ParseInt(s, 10, 64) },
	"float": func(s string) (any, error) { return strconv.ParseFloat(s, 64) },
	"bool":  func(s string) (any, error) { return strconv.ParseBool(s) },
	"text":  func(s string) (any, error) { return s, nil },
	"bytes": func(s string) (any, error) { return hex.DecodeString(strings.TrimPrefix(s, `\x`)) },
	"time":  func(s string) (any, error) { return time.Parse(time.RFC3339Nano, s) },
	"null": func(s string) (any, error) {
		if s != "" {
			return nil, fmt.Errorf("it has a value")
		}
		return nil, nil
	},
	"json": func(s string) (any, error) {
		if !json.Valid([]byte(s)) {
			return nil, fmt.Errorf("it is not JSON")
		}
		return s, nil
	},
}

var examples = map[string]string{
	"int": "5", "float": "1.5", "bool": "true", "bytes": "00ff", "time": "2026-01-02T15:04:05Z", "json": `{"a": 1}`, "null": "",
}

// fromJSON reads an array. An object or array in it is bound as a text.
func fromJSON(text string) ([]any, error) {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil || list == nil {
		return nil, usagef(`--args is not an array of JSON: write it as in '[5, "a", null]'`)
	}
	bound := make([]any, len(list))
	for i, raw := range list {
		switch raw[0] {
		case '{', '[':
			bound[i] = string(raw)
			continue
		}
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			bound[i] = n
			continue
		}
		if err := json.Unmarshal(raw, &bound[i]); err != nil {
			return nil, usagef("--args has a number that is too large: write it as a text, in quotes")
		}
	}
	return bound, nil
}
