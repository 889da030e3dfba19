package apipages_test

import (
	"testing"

	"linienfunk/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
