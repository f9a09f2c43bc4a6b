package sqlite

import "strings"

// fileURI returns the URI under which SQLite opens the file with this absolute path, which has slashes on
// every system. Only in a URI does it take parameters such as mode, and only an escaped path cannot smuggle
// some in. https://www.sqlite.org/uri.html
func fileURI(path, query string) string {
	if !strings.HasPrefix(path, "/") { // C:/dir becomes /C:/dir; //server/share stays
		path = "/" + path
	}
	return "file://" + escape(path) + "?" + query
}

// escape percent-encodes every byte that is not unreserved (RFC 3986, section 2.3), a slash or a colon. It does
// the work of net/url here, of which modernc.org/sqlite links only the half that reads.
func escape(text string) string {
	if !strings.ContainsFunc(text, reserved) {
		return text
	}
	const hex = "0123456789ABCDEF"
	escaped := make([]byte, 0, 3*len(text))
	for _, c := range []byte(text) {
		if reserved(rune(c)) {
			escaped = append(escaped, '%', hex[c>>4], hex[c&15])
		} else {
			escaped = append(escaped, c)
		}
	}
	return string(escaped)
}

func reserved(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	return !letter && !strings.ContainsRune("-._~/:", c)
}
