package registry

import (
	"errors"
	"fmt"
	"unsafe"
)

const redacted = "[redacted]"

var errRedacted = errors.New("is " + redacted + ", which a program has printed in place of the value: put the real one")

// Secret is a text that is never shown: a password, a private key, a token. Every way to print or encode it,
// and to print any struct around it, gives [redacted]; only [Secret.Reveal] gives the text. The zero value is
// the empty secret, which prints as nothing. A Secret is immutable and may be shared between goroutines.
//
// Two secrets are compared with Equal, which go-cmp calls, too: the operator == and reflect.DeepEqual tell copies of
// one secret from another one with the same text.
type Secret struct {
	// text points to a string. No package that prints by reflection follows an unsafe.Pointer, also where it can
	// call no method.
	text unsafe.Pointer
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unsafe.Pointer(&text)}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *(*string)(s.text)
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal reports whether both hold the same text.
func (s Secret) Equal(other Secret) bool {
	return s.text == other.text || s.Reveal() == other.Reveal()
}

// String returns [redacted], or nothing for the empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString is String for those who print Go syntax by other means than package fmt.
func (s Secret) GoString() string { return s.String() }

// Format writes String for every verb, %x, %d and %#v included.
func (s Secret) Format(f fmt.State, verb rune) {
	// The state only fails when its writer does, and fmt has no way to say so.
	_, _ = f.Write([]byte(s.String()))
}

// MarshalText returns String, which encoding/json, log/slog and most encoders ask for.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text of the secret. It refuses [redacted], which is what a printed config holds.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return fmt.Errorf("the secret %w", errRedacted)
	}
	*s = NewSecret(string(text))
	return nil
}
