package network

import (
	"errors"
	"strings"
	"time"
)

const wordCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// IsWord reports whether text has only ASCII letters, digits, "_" and the characters in further, so that a statement
// can hold it as it is.
func IsWord(text, further string) bool { return strings.Trim(text, wordCharacters+further) == "" }

// Zone returns the time zone of this name in the IANA Time Zone database: "UTC", "Europe/Zurich".
func Zone(name string) (*time.Location, error) {
	if name != "" && name != "Local" && IsWord(name, "+-/") {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, errors.New("must be UTC, or a name that this machine knows, such as Europe/Zurich")
}
