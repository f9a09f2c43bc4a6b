package testserver_test

import (
	"crypto/x509"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
)

func pool(tb testing.TB, pem string) *x509.CertPool {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		tb.Fatal("the CA is not PEM")
	}
	return pool
}

type badPair struct {
	pair testcert.Pair
	says string // in the error of a client
}

func badPairs(ca *testcert.CA) map[string]badPair {
	return map[string]badPair{
		"expired":     {ca.Expired(), "expired"},
		"wrong host":  {ca.WrongHost(), "is valid for 192.0.2.1, not 127.0.0.1"},
		"self-signed": {testcert.SelfSigned(), "unknown authority"},
	}
}
