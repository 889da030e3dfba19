package commands

// Merged is merged, for tests.
var Merged = merged
