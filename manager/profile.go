package manager

import (
	"cmp"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// User is what goroutines of the program do in database/sql, which says where the connections of an exhausted pool
// are. Rows and transactions have a goroutine that waits for the end of their context, if that can end: of that it is
// told where the goroutine is now that opened them. Rows that were read with [context.Background] leave no trace.
type User struct {
	Count int    // of goroutines that do the same
	Doing string // "waits for a connection", "has a transaction open", "has rows open" or "runs a statement"
	Stack string // a function and its place in each line; empty if the goroutine that opened them has ended
}

// largestProfile bounds what a profile takes; a program with more goroutines than that is told of in part.
const largestProfile = 16 << 20

// profile returns what all goroutines do in database/sql. The program stands still while they are listed.
func profile() []User {
	text := make([]byte, 1<<20)
	for {
		n := runtime.Stack(text, true)
		if n < len(text) || len(text) >= largestProfile {
			return users(string(text[:n]))
		}
		text = make([]byte, 2*len(text))
	}
}

var (
	goroutineID = regexp.MustCompile(`^goroutine (\d+) `)
	creator     = regexp.MustCompile(`\ncreated by (\S+) in goroutine (\d+)\n`)
	arguments   = regexp.MustCompile(`\([^()*]*\)$`)
	offset      = regexp.MustCompile(` \+0x[0-9a-f]+$`)
)

// users finds those who use database/sql in what runtime.Stack prints.
func users(text string) []User {
	stacks := make(map[string]string) // by goroutine
	all := strings.Split(strings.TrimSpace(text), "\n\n")
	for _, g := range all {
		if id := goroutineID.FindStringSubmatch(g); id != nil {
			stacks[id[1]] = g
		}
	}
	counts := make(map[User]int)
	for _, g := range all {
		doing := doingOf(g)
		if doing == "" {
			continue
		}
		if strings.Contains(g, ").awaitDone(") {
			made := creator.FindStringSubmatch(g + "\n")
			if made == nil {
				continue
			}
			g = stacks[made[2]]
		}
		counts[User{Doing: doing, Stack: frames(g)}]++
	}
	var found []User
	for u, n := range counts {
		u.Count = n
		found = append(found, u)
	}
	slices.SortFunc(found, func(a, b User) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Doing, b.Doing), cmp.Compare(a.Stack, b.Stack))
	})
	return found
}

// doingOf says what a goroutine does in database/sql; empty if nothing that takes a connection.
func doingOf(stack string) string {
	does := func(function string) bool { return strings.Contains(stack, "\ndatabase/sql."+function+"(") }
	switch {
	case does("(*DB).connectionOpener"), does("(*DB).connectionCleaner"):
		return "" // every pool has them
	case does("(*Tx).awaitDone"):
		return "has a transaction open"
	case does("(*Rows).awaitDone"):
		return "has rows open"
	case does("(*DB).conn"):
		return "waits for a connection"
	case strings.Contains(stack, "\ndatabase/sql."):
		return "runs a statement"
	}
	return ""
}

// frames are the functions of a stack and their places, without arguments, so that equal ones can be counted.
func frames(stack string) string {
	lines := strings.Split(stack, "\n")
	var b strings.Builder
	for i := 1; i+1 < len(lines); i += 2 {
		function := arguments.ReplaceAllString(lines[i], "")
		if strings.HasPrefix(function, "created by ") {
			break
		}
		b.WriteString(function + " " + offset.ReplaceAllString(strings.TrimSpace(lines[i+1]), "") + "\n")
	}
	return b.String()
}
