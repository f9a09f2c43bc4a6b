package mysql

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func init() { registry.Register(Driver()) }

var (
	tested = testdriver.Driver{Driver: Driver()}
	pool   = tested.Pool
	try    = tested.Try
	run    = tested.Run
	check  = tested.Check
	conn   = testdriver.Conn
	as     = testdriver.As
	with   = testdriver.With

	withSession = testdriver.WithSession
	limit       = testdriver.Context
)
