// Package percent writes the escapes of URLs. Package net/url does so too, for the parts of a URL that it knows;
// here the caller says which characters may stay, and a program that only opens a file links 1 KB instead of 5.
// It reads nothing: that is [net/url.PathUnescape].
package percent

import "strings"

// unreserved are the characters that never need an escape. https://www.rfc-editor.org/rfc/rfc3986#section-2.3
const unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

// Encode escapes every byte of text that is neither unreserved nor in keep.
func Encode(text, keep string) string {
	const hex = "0123456789ABCDEF"
	keep += unreserved
	encoded := make([]byte, 0, 3*len(text))
	for i := range len(text) {
		c := text[i]
		if strings.IndexByte(keep, c) < 0 {
			encoded = append(encoded, '%', hex[c>>4])
			c = hex[c&15]
		}
		encoded = append(encoded, c)
	}
	return string(encoded)
}
