package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func TestNoNumberHidesAnother(t *testing.T) {
	tested.Codes(t, table, func(code string, row network.Code) error {
		number, err := strconv.ParseUint(code, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		return &mysql.MySQLError{Number: uint16(number), Message: "about " + row.Text}
	})
}

func TestSameNumberTwoMeanings(t *testing.T) {
	for _, c := range []struct {
		number  uint16
		message string
		want    registry.Kind
	}{
		{1047, "Unknown command", registry.KindUnknown},
		{1290, "The server is running with the --secure-file-priv option", registry.KindUnknown},
		{1290, "The MySQL server is running with the --super-read-only option", registry.KindReadOnly},
		{4031, "Referenced trigger 'x' does not exist", registry.KindUnknown}, // MariaDB
		{4031, "The client was disconnected by the server because of inactivity.", registry.KindLost},
		{1062, "Duplicate entry", registry.KindUnique},
		{1180, "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT", registry.KindConflict},
		{1180, "Got error 5 \"Input/output error\" during COMMIT", registry.KindIO},
		{1005, "Can't create table `shop`.`city` (errno: 121 \"Duplicate key on write or update\")", registry.KindExists},
		{1005, "Can't create table `shop`.`city` (errno: 13 \"Permission denied\")", registry.KindUnknown},
		{1396, "Operation CREATE USER failed for 'app'@'%'", registry.KindExists},
		{1396, "Operation DROP USER failed for 'app'@'%'", registry.KindUndefined},
		{4025, "CONSTRAINT `positive` failed for `shop`.`city`", registry.KindCheck}, // MariaDB
		{4025, "Something of MySQL's", registry.KindUnknown},
		{3572, "Statement aborted because lock(s) could not be acquired immediately and NOWAIT is set.", registry.KindBusy}, // C3
		{3989, "Schema 'shop' is in read only mode.", registry.KindReadOnly},                                                // C3
		{1235, "This version of MySQL doesn't yet support 'x'", registry.KindConfig},                                        // C3
		{1043, "Bad handshake", registry.KindConfig},                                                                        // C3
	} {
		if got := Driver().Diagnose(&mysql.MySQLError{Number: c.number, Message: c.message}).Kind; got != c.want {
			t.Errorf("kind of %d %q is %v, want %v", c.number, c.message, got, c.want)
		}
	}
}

// Of the texts, MySQL's are here and MariaDB's also come from a real server. A value may look like what is around a name.
func TestConstraintsAreNamed(t *testing.T) {
	for _, c := range []struct {
		number  uint16
		message string
		want    string
	}{
		{1062, "Duplicate entry 'Ulm' for key 'city.name_uk'", "name_uk"},
		{1062, "Duplicate entry 'Ulm' for key 'name_uk'", "name_uk"},
		{1062, "Duplicate entry ' for key 'x'' for key 'PRIMARY'", "PRIMARY"},
		{1586, "Duplicate entry '4-\\x00' for key 'city.two'", "two"},
		{1451, "Cannot delete or update a parent row: a foreign key constraint fails (`shop`.`child`, CONSTRAINT `child_fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`))", "child_fk"},
		{1452, "Cannot add or update a child row: a foreign key constraint fails (`shop`.`child`, CONSTRAINT `child_fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`))", "child_fk"},
		{1216, "Cannot add or update a child row: a foreign key constraint fails", ""},
		{3819, "Check constraint 'positive' is violated.", "positive"},
		{4025, "CONSTRAINT `positive` failed for `shop`.`city`", "positive"},
		{4025, "CONSTRAINT `city.n` failed for `shop`.`city`", "city.n"},
		{1048, "Column 'n' cannot be null", ""},
	} {
		if d := Driver().Diagnose(&mysql.MySQLError{Number: c.number, Message: c.message}); d.Constraint != c.want {
			t.Errorf("the constraint of %q is %q, want %q", c.message, d.Constraint, c.want)
		}
	}
}

// A10.
func TestKindsOfErrorsThatTheDriverFinds(t *testing.T) {
	why := func(cause error) error {
		l := new(log)
		l.Print("packets.go:58 ", cause)
		l.Print("connection.go:190 ", "closing connection:", errors.New("later"))
		return l.explain(mysql.ErrInvalidConn)
	}
	for name, c := range map[string]struct {
		err  error
		want registry.Kind
	}{
		"no TLS":                  {mysql.ErrNoTLS, registry.KindTLS},
		"old protocol":            {mysql.ErrOldProtocol, registry.KindConfig},
		"clear password":          {mysql.ErrCleartextPassword, registry.KindAuth},
		"old password":            {mysql.ErrOldPassword, registry.KindAuth},
		"unknown plugin":          {mysql.ErrUnknownPlugin, registry.KindAuth},
		"no key":                  {tested.AtLogin(errors.New("unexpected resp from server for caching_sha2_password, perform full authentication")), registry.KindAuth},
		"no key that is one":      {tested.AtLogin(errors.New("no pem data found, data: ")), registry.KindAuth},
		"out of sync":             {mysql.ErrPktSync, registry.KindLost},
		"invalid, no cause":       {mysql.ErrInvalidConn, registry.KindLost},
		"invalid, end of stream":  {why(io.EOF), registry.KindLost},
		"invalid, another server": {why(errNotMySQL), registry.KindConfig},
		"invalid, TLS alert":      {why(&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), registry.KindTLS},
		"bad before a write":      {tested.AtLogin(errors.New("bad connection")), registry.KindLost},
		"old version":             {tested.AtLogin(errors.New("unsupported protocol version 9. Version 10 or higher is required")), registry.KindConfig},
		"texts of others":         {errors.Join(errors.New("bad connection to the printer"), errors.New("unsupported protocol version"), errors.New("no pem data found")), registry.KindUnknown},
		"end of a file":           {io.EOF, registry.KindUnknown},
		"end within a file":       {io.ErrUnexpectedEOF, registry.KindUnknown},
		"end of a login":          {tested.AtLogin(io.EOF), registry.KindLost},
		"certificate":             {&tls.CertificateVerificationError{Err: x509.HostnameError{}}, registry.KindTLS},
		"of somebody else":        {errors.New("no such table"), registry.KindUnknown},
		"none":                    {nil, registry.KindUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Driver().Diagnose(c.err).Kind; got != c.want {
				t.Errorf("kind of %v is %v, want %v", c.err, got, c.want)
			}
		})
	}
	if err := why(io.ErrUnexpectedEOF); !errors.Is(err, mysql.ErrInvalidConn) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v is not both the driver's error and its cause", err)
	}
	if err := new(log).explain(mysql.ErrNoTLS); err != mysql.ErrNoTLS {
		t.Errorf("an error that says all becomes %v", err)
	}
}
