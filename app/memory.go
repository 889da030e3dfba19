package app

import (
	"os"
	"runtime/debug"
)

// manyCities is the number of cities from which memory matters more than the CPU time of the garbage collector.
const manyCities = 2000

// saveMemory has garbage collected earlier if there are many cities: nearly all memory is that of connections, which stays, and Go's default
// would let as much garbage gather beside it. GOGC, if it is set, remains in force.
func saveMemory(cities int) {
	if _, set := os.LookupEnv("GOGC"); !set && cities >= manyCities {
		debug.SetGCPercent(50)
	}
}
