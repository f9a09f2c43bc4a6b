package mssql

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/patchbay-go/patchbay/registry"
)

// maxLoginText is the limit of each text of a login, in characters of UTF-16.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/773a62b6-ee89-4c02-9e5e-344882630aac
const maxLoginText = 128

// loginText says why a text cannot be part of a login; nothing if it can. The driver counts characters where the
// server counts units of UTF-16, so that a text with a character of two units arrives cut off.
func loginText(text string) (problem string) {
	switch {
	case !utf8.ValidString(text):
		return "is not UTF-8 text"
	case len(utf16.Encode([]rune(text))) > maxLoginText:
		return "has more than 128 characters, which no login of SQL Server can hold"
	case strings.ContainsFunc(text, isWide):
		return "contains a character beyond U+FFFF, such as an emoji, which go-mssqldb cannot send"
	}
	return ""
}

func isWide(c rune) bool { return c > 0xffff }

// fit makes a text that only informs fit into a login.
func fit(text string) string {
	runes := []rune(text)
	for i, c := range runes {
		if isWide(c) {
			runes[i] = '?'
		}
	}
	return string(runes[:min(len(runes), maxLoginText)])
}

// checkUser looks at the user and password of a login.
func checkUser(user string, password registry.Secret) error {
	field, problem, cure := "user", loginText(user), "log in as another user"
	switch {
	case user == "":
		problem, cure = "is empty", "name the login; or set params.authentication=token for an access token, or =windows on Windows"
	case problem == "" && !strings.Contains(user, `\`): // the password of a Windows account is not sent
		field, problem, cure = "password", loginText(password.Reveal()), "choose another password"
	}
	if problem == "" {
		return nil
	}
	return &registry.ConfigError{Field: field, Problem: problem, Cure: cure}
}
