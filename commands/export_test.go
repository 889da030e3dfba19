package commands

// Merged is merged, TidyPlaces tidyPlaces, and ArriveID the name of the command that is in no list, for tests.
var (
	Merged     = merged
	TidyPlaces = tidyPlaces
	ArriveID   = arriveCommand.ID()
)
