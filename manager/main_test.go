package manager_test

import (
	"testing"

	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/internal/testlink"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestMain(m *testing.M) {
	testlink.Examples("sqlite")
	testserver.Main(m)
}
