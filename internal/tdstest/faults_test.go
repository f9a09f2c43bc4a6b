package tdstest_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
)

// cutter dials as ever, and ends the connection when its context does: go-mssqldb itself waits for ever for a server
// that stays silent before the login.
type cutter struct{ ctx context.Context }

func (c cutter) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		context.AfterFunc(c.ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	}
	return conn, err
}

// attempt logs in, asks for two rows and closes the connection, for as long as it may take.
func attempt(t testing.TB, c msdsn.Config, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	connector := mssql.NewConnectorConfig(c)
	connector.Dialer = cutter{ctx}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(ctx, "select two")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// stages are those at which a fault can be, with the modes of encryption in which there is such a stage.
var stages = map[tdstest.Stage][]msdsn.Encryption{
	tdstest.OnAccept:      {disable, login, all, strict},
	tdstest.OnPrelogin:    {disable, login, all, strict},
	tdstest.AfterPrelogin: {disable, login, all, strict},
	tdstest.InHandshake:   {login, all, strict},
	tdstest.OnLogin:       {disable, login, all, strict},
	tdstest.OnRequest:     {disable, login, all, strict},
	tdstest.InResult:      {disable, login, all, strict},
}

func TestAFaultAtAnyStageEndsTheAttempt(t *testing.T) {
	s := start(t, tdstest.Options{TLS: certified(testcert.SelfSigned())})
	s.Handle("select two", tdstest.Rows(number, []any{1}, []any{2}).Always())
	const patience = 100 * time.Millisecond
	for stage, modes := range stages {
		for _, mode := range modes {
			c := encrypted(t, s, mode)
			for name, f := range map[string]struct {
				tdstest.Fault
				limit time.Duration
				ended func(error) bool
			}{
				"silent":        {tdstest.Fault{Do: tdstest.Silence}, patience, timedOut},
				"hanging up":    {tdstest.Fault{Do: tdstest.Hangup}, guard, isEOF},
				"resetting":     {tdstest.Fault{Do: tdstest.Abort}, guard, isReset},
				"garbage":       {tdstest.Fault{Send: tdstest.Garbage, Do: tdstest.Hangup}, guard, func(err error) bool { return !timedOut(err) }},
				"garbage first": {tdstest.Fault{Send: tdstest.Garbage}, guard, func(err error) bool { return !timedOut(err) }},
			} {
				f.At = stage
				s.Misbehave(f.Fault)
				began := time.Now()
				err := attempt(t, c, f.limit)
				if err == nil || !f.ended(err) {
					t.Errorf("%s at %s, in mode %d: %v", name, stage, mode, err)
				}
				if took := time.Since(began); took > guard {
					t.Errorf("%s at %s, in mode %d took %v", name, stage, mode, took)
				}
			}
			s.Misbehave()
			if err := attempt(t, c, guard); err != nil {
				t.Errorf("after the faults, in mode %d: %v", mode, err)
			}
		}
	}
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout() || strings.Contains(err.Error(), "i/o timeout") || errors.Is(err, context.DeadlineExceeded)
}

func isEOF(err error) bool { return strings.Contains(err.Error(), io.EOF.Error()) }

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || strings.Contains(err.Error(), syscall.ECONNRESET.Error())
}

func TestAFaultHappensAsOftenAsItSays(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select two", tdstest.Rows(number, []any{1}, []any{2}).Always())
	s.Misbehave(tdstest.Fault{At: tdstest.OnLogin, Do: tdstest.Hangup, Times: 2}, tdstest.Fault{At: tdstest.OnAccept, Do: tdstest.Abort, Times: 1})
	for i, good := range []bool{false, false, false, true, true} {
		if err := attempt(t, config(t, s), guard); good != (err == nil) {
			t.Errorf("attempt %d: %v", i+1, err)
		}
	}
}

func TestADelayOnlyTakesTime(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select two", tdstest.Rows(number, []any{1}, []any{2}).Always())
	const each = 20 * time.Millisecond
	var faults []tdstest.Fault
	for _, stage := range []tdstest.Stage{tdstest.OnAccept, tdstest.OnPrelogin, tdstest.OnLogin, tdstest.OnRequest, tdstest.InResult} {
		faults = append(faults, tdstest.Fault{At: stage, Delay: each})
	}
	s.Misbehave(faults...)
	began := time.Now()
	must(t, attempt(t, config(t, s), guard))
	if took := time.Since(began); took < 5*each {
		t.Errorf("five delays of %v take %v", each, took)
	}
}

func TestAResponseMayEndInAFault(t *testing.T) {
	s := start(t, tdstest.Options{})
	two := tdstest.Rows(number, []any{1}, []any{2})
	two.Fault = tdstest.Fault{Do: tdstest.Hangup}
	s.Handle("select cut", two.Always())
	rows, err := open(t, config(t, s)).QueryContext(ctx(t), "select cut")
	must(t, err)
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if n != 2 || rows.Err() == nil {
		t.Errorf("%d rows, then %v", n, rows.Err())
	}
}
