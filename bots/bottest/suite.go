package bottest

import (
	"testing"

	"linienfunk/bots"
)

// Run is the suite.
func Run(t *testing.T, name string, plugin bots.Plugin, start Start, f Features) {
}
