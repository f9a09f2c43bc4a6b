package postgres_test

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testlink"
)

func TestMain(m *testing.M) {
	testlink.Examples("postgres")
	m.Run()
}
