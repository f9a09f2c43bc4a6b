package sqlite

import (
	"net/url"
	"strings"
)

// fileURI returns the URI under which SQLite opens the file with this absolute path, which has slashes on
// every system. Only in a URI does it take parameters such as mode, and only an escaped path cannot smuggle
// some in. https://www.sqlite.org/uri.html
func fileURI(path, query string) string {
	if !strings.HasPrefix(path, "/") { // C:/dir becomes /C:/dir; //server/share stays
		path = "/" + path
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}
