//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheDocumentationListsEveryParam compares the table in the package comment with the one in the code.
func TestTheDocumentationListsEveryParam(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "//\tname ")
	table, _, _ = strings.Cut(table, "//\n")
	rows := regexp.MustCompile(`(?m)^//\t([a-z_]+) +(.*(?:\n//\t  .*)*)`).FindAllStringSubmatch(table, -1)
	var documented, known []string
	described := make(map[string]string)
	for _, row := range rows {
		documented = append(documented, row[1])
		described[row[1]] = row[2]
	}
	for _, p := range params {
		known = append(known, p.name)
		for _, word := range append([]string{p.preset}, p.words...) {
			if p.flag && word == "1" {
				word = "on"
			}
			if !strings.Contains(described[p.name], word) {
				t.Errorf("the row of %s does not name %q", p.name, word)
			}
		}
	}
	slices.Sort(documented)
	slices.Sort(known)
	if !slices.Equal(documented, known) {
		t.Errorf("documented are\n%v, known are\n%v", documented, known)
	}
}
