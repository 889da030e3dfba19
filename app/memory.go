package app

import (
	"os"
	"runtime/debug"
)

// manyCities is the number of cities from which memory matters more than the CPU time of the garbage collector.
const manyCities = 2000

// garbagePercent is how much garbage may gather beside the memory in use. To look through that of 10,000 cities takes half a second of CPU time; with
// this much, a program at rest does so every two minutes, which is the longest that Go waits.
const garbagePercent = 60

// saveMemory has garbage collected earlier if there are many cities: nearly all memory is that of connections, which stays, and Go's default
// would let as much garbage gather beside it. GOGC, if it is set, remains in force.
func saveMemory(cities int) {
	if _, set := os.LookupEnv("GOGC"); !set && cities >= manyCities {
		debug.SetGCPercent(garbagePercent)
	}
}
