package mastodon

import (
	"testing"

	"linienfunk/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
