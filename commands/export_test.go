package commands

// Merged is merged, and TidyPlaces tidyPlaces, for tests.
var (
	Merged     = merged
	TidyPlaces = tidyPlaces
)
