package sqlite

import (
	"net/url"
	"strings"
)

// fileURI returns the URI under which SQLite opens the file with this absolute path. Only in a URI does it
// take parameters such as mode, and only an escaped path cannot smuggle some in. https://www.sqlite.org/uri.html
func fileURI(goos, path string, query url.Values) string {
	if goos == "windows" {
		path = strings.ReplaceAll(path, `\`, "/")
		if !strings.HasPrefix(path, "/") { // C:/dir becomes /C:/dir; //server/share stays
			path = "/" + path
		}
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	return u.String()
}
