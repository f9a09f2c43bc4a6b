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

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func TestNoCodeHidesAnother(t *testing.T) {
	tested.Codes(t, table, func(code string, row network.Code) error {
		err := &pgconn.PgError{Code: code[:5], Message: "about " + row.Text, SeverityUnlocalized: "ERROR"}
		if row.Fatal {
			err.SeverityUnlocalized = "FATAL"
		}
		return err
	})
}

func TestSameCodeTwoMeanings(t *testing.T) {
	for _, c := range []struct {
		err  pgconn.PgError
		want registry.Kind
	}{
		{pgconn.PgError{Code: "55000", Severity: "FATAL"}, registry.KindNoDatabase},
		{pgconn.PgError{Code: "55000", Severity: "ERROR"}, registry.KindUnknown}, // currval without nextval
		{pgconn.PgError{Code: "42704", Severity: "FATAL"}, registry.KindConfig},
		{pgconn.PgError{Code: "42704", Severity: "ERROR"}, registry.KindUndefined}, // no such type
		{pgconn.PgError{Code: "57P01", Severity: "FATAL"}, registry.KindLost},
		{pgconn.PgError{Code: "57P01", Severity: "FATALE", SeverityUnlocalized: "FATAL"}, registry.KindLost},
		{pgconn.PgError{Code: "23505", Severity: "ERROR"}, registry.KindUnique},
		{pgconn.PgError{Code: "42712", Severity: "ERROR"}, registry.KindSyntax},     // an alias that is there twice
		{pgconn.PgError{Code: "42P07", Severity: "ERROR"}, registry.KindExists},     // and not of the rest of its class
		{pgconn.PgError{Code: "42501", Severity: "ERROR"}, registry.KindDenied},     // as a statement
		{pgconn.PgError{Code: "25P02", Severity: "ERROR"}, registry.KindUnknown},    // after a failure
		{pgconn.PgError{Code: "2BP01", Severity: "ERROR"}, registry.KindForeignKey}, // DROP TABLE of a parent
	} {
		if got := Driver().Diagnose(&c.err).Kind; got != c.want {
			t.Errorf("kind of %+v is %v, want %v", c.err, got, c.want)
		}
	}
}

// A10.
func TestKindsOfErrorsThatTheDriverFinds(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want registry.Kind
	}{
		"no TLS":                 {tested.AtLogin(fmt.Errorf("tls error: %w", errors.New("server refused TLS connection"))), registry.KindTLS},
		"standby":                {fmt.Errorf("ValidateConnect failed: %w", pgconn.ErrReadOnlyConnection), registry.KindRole},
		"no standby":             {pgconn.ErrPrimaryConnection, registry.KindRole},
		"no channel binding":     {tested.AtLogin(errors.New("channel binding required but server does not support SCRAM-SHA-256-PLUS")), registry.KindAuth},
		"method not allowed":     {tested.AtLogin(errors.New(`authentication method requirement "md5" failed: server requested password authentication`)), registry.KindAuth},
		"another protocol":       {tested.AtLogin(errors.New("unknown message type: J")), registry.KindConfig},
		"another protocol, long": {&pgproto3.ExceededMaxBodyLenErr{}, registry.KindConfig},
		"a string of one's own":  {pgconn.NewParseConfigError("x", "y", nil), registry.KindConfig},
		"closed":                 {pgconn.ErrConnClosed, registry.KindLost},
		"end of stream":          {hungUpError{}, registry.KindLost},
		"end of a login":         {tested.AtLogin(io.ErrUnexpectedEOF), registry.KindLost},
		"certificate and more":   {errors.Join(&pgconn.PgError{Code: "53300"}, &tls.CertificateVerificationError{Err: x509.HostnameError{}}), registry.KindTLS},
		"of somebody else":       {errors.New("no such table"), registry.KindUnknown},
		"of another parser":      {errors.New("protocol error in my parser"), registry.KindUnknown},
		"end of a file":          {io.ErrUnexpectedEOF, registry.KindUnknown},
		"none":                   {nil, registry.KindUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Driver().Diagnose(c.err).Kind; got != c.want {
				t.Errorf("kind of %v is %v, want %v", c.err, got, c.want)
			}
		})
	}
}

func TestWhatPoolersSay(t *testing.T) {
	for _, c := range []struct {
		row  string
		code string
		text string
		want registry.Kind
		says string
	}{
		{"B2", "08P01", "server login has been failing, try again later (server_login_retry)", registry.KindStarting, "server_login_retry"},
		{"B3", "08P01", "SASL authentication failed", registry.KindAuth, "verify user and password"},
		{"B3", "08P01", "password authentication failed", registry.KindAuth, "verify user and password"},
		{"B3", "08P01", `"trust" authentication failed`, registry.KindAuth, "verify user and password"},
		{"B3", "XX000", "authentication failed", registry.KindAuth, "verify user and password"},
		{"B4", "08P01", "client_idle_timeout", registry.KindLost, "maxIdleTime"},
		{"B4", "08P01", "server conn crashed?", registry.KindLost, "lost its connection"},
		{"B4", "08P01", "query timeout", registry.KindTimeout, "query_timeout"},
		{"B4", "08P01", `database "x" is disabled`, registry.KindNoDatabase, "ENABLE"},
		{"B4", "08P01", "client_login_timeout (server down)", registry.KindStarting, "in time"},
		{"B4", "08P01", "something new", registry.KindLost, "see its log"},
		{"B5", "53300", "remaining connection slots are reserved for roles with the SUPERUSER attribute", registry.KindTooMany, "max_connections"},
		{"B11", "0A000", "cannot use serializable mode in a hot standby", registry.KindConfig, "repeatable read"},
	} {
		err := &pgconn.PgError{Severity: "FATAL", Code: c.code, Message: c.text}
		if c.code == "0A000" {
			err.Severity = "ERROR"
		}
		got := Driver().Diagnose(err)
		if got.Kind != c.want || !strings.Contains(got.Hint, c.says) {
			t.Errorf("%s: %v is %+v, want the kind %v and a hint that says %q", c.row, err, got, c.want, c.says)
		}
	}
}

func TestStatementsThatWereRefusedAreRefusedAgain(t *testing.T) {
	for code, want := range map[string]bool{"57014": true, "55P03": true, "53300": false, "57P03": false} {
		if got := Driver().Diagnose(&pgconn.PgError{Code: code}); got.Permanent != want {
			t.Errorf("%s: got %+v, want Permanent %v", code, got, want)
		}
	}
}

func TestTheServersWordsAreInTheDiagnosis(t *testing.T) {
	d := Driver().Diagnose(&pgconn.PgError{Code: "23505", ConstraintName: "city_pkey"})
	if d.Code != "23505" || d.Constraint != "city_pkey" {
		t.Errorf("got %+v", d)
	}
}
