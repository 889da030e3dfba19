package mail

import (
	"math/rand/v2"
	"time"
)

// retryBackoff is the pause before a message's next attempt: 5 s, 15 s, 45 s and so on up to an hour, with 25 % jitter.
func retryBackoff(attempts int) time.Duration {
	backoff := 5 * time.Second
	for range min(attempts-1, 10) {
		backoff = min(backoff*3, time.Hour)
	}
	return time.Duration(float64(backoff) * (0.75 + rand.Float64()/2))
}

// maxDestinationBackoff is short because reports are fresh for only half an hour.
const maxDestinationBackoff = 2 * time.Minute

// destinationBackoff is the pause of a destination after so many failures in a row.
func destinationBackoff(failures int) time.Duration {
	return min(retryBackoff(failures), maxDestinationBackoff)
}
