//go:build postgres || alldrivers

package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/patchbay-go/patchbay/registry"
)

// example is an error that the row was made for.
func (s *state) example() *pgconn.PgError {
	code, fatal := strings.CutPrefix(s.code, "FATAL ")
	err := &pgconn.PgError{Code: (code + "000")[:5], Message: "about " + s.says, SeverityUnlocalized: "ERROR"}
	if fatal {
		err.SeverityUnlocalized = "FATAL"
	}
	return err
}

func TestNoStateHidesAnother(t *testing.T) {
	for i := range states {
		err := states[i].example()
		for j := range states[:i] {
			if states[j].matches(err) {
				t.Errorf("row %q %q is never reached: row %q %q comes first", states[i].code, states[i].says, states[j].code, states[j].says)
			}
		}
		if got := Driver().Kind(fmt.Errorf("wrapped: %w", err)); got != states[i].kind {
			t.Errorf("kind of %v is %v, want %v", err, got, states[i].kind)
		}
	}
}

func TestSameCodeTwoMeanings(t *testing.T) {
	for _, c := range []struct {
		err  pgconn.PgError
		want registry.Kind
	}{
		{pgconn.PgError{Code: "55000", Severity: "FATAL"}, registry.KindNoDatabase},
		{pgconn.PgError{Code: "55000", Severity: "ERROR"}, registry.KindUnknown}, // currval without nextval
		{pgconn.PgError{Code: "42704", Severity: "FATAL"}, registry.KindConfig},
		{pgconn.PgError{Code: "42704", Severity: "ERROR"}, registry.KindUnknown}, // no such type
		{pgconn.PgError{Code: "57P01", Severity: "FATAL"}, registry.KindLost},
		{pgconn.PgError{Code: "57P01", Severity: "FATALE", SeverityUnlocalized: "FATAL"}, registry.KindLost},
		{pgconn.PgError{Code: "23505", Severity: "ERROR"}, registry.KindUnknown},
	} {
		if got := Driver().Kind(&c.err); got != c.want {
			t.Errorf("kind of %+v is %v, want %v", c.err, got, c.want)
		}
	}
}

func TestKindsOfErrorsThatTheDriverFinds(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want registry.Kind
	}{
		"no TLS":                 {fmt.Errorf("tls error: %w", errors.New("server refused TLS connection")), registry.KindTLS},
		"standby":                {fmt.Errorf("ValidateConnect failed: %w", pgconn.ErrReadOnlyConnection), registry.KindReadOnly},
		"no standby":             {pgconn.ErrPrimaryConnection, registry.KindReadOnly},
		"no channel binding":     {errors.New("channel binding required but server does not support SCRAM-SHA-256-PLUS"), registry.KindAuth},
		"method not allowed":     {errors.New(`authentication method requirement "md5" failed: server requested password authentication`), registry.KindAuth},
		"another protocol":       {errors.New("unknown message type: J"), registry.KindConfig},
		"another protocol, long": {&pgproto3.ExceededMaxBodyLenErr{}, registry.KindConfig},
		"a string of one's own":  {pgconn.NewParseConfigError("x", "y", nil), registry.KindConfig},
		"closed":                 {pgconn.ErrConnClosed, registry.KindLost},
		"end of stream":          {io.ErrUnexpectedEOF, registry.KindLost},
		"certificate and more":   {errors.Join(&pgconn.PgError{Code: "53300"}, &tls.CertificateVerificationError{Err: x509.HostnameError{}}), registry.KindTLS},
		"of somebody else":       {errors.New("no such table"), registry.KindUnknown},
		"none":                   {nil, registry.KindUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Driver().Kind(c.err); got != c.want {
				t.Errorf("kind of %v is %v, want %v", c.err, got, c.want)
			}
		})
	}
}

func TestStatementsThatWereRefusedAreFinal(t *testing.T) {
	adviser := Driver().(registry.Adviser)
	for code, want := range map[string]bool{"57014": true, "55P03": true, "53300": false, "57P03": false} {
		if got := adviser.Advise(&pgconn.PgError{Code: code}); got.Final != want {
			t.Errorf("%s: got %+v, want Final %v", code, got, want)
		}
	}
}
