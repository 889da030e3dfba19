package mastodon

import (
	"math/rand/v2"
	"time"
)

// timing has the bot's intervals and time limits. Tests shorten them.
type timing struct {
	call         time.Duration // limit for a call with its whole response
	idle         time.Duration // limit between two bytes of a stream; Mastodon sends a heartbeat every 15 s
	poll         time.Duration // between polls for mentions
	quietPoll    time.Duration // longest between them while the stream is open and no mention has come lately; the README promises it
	mentionCheck time.Duration // between checks of a mention that was posted
	restCheck    time.Duration // between looks for posts to check, as long as no mention has come since the start
	selfCheck    time.Duration // between checks of the account itself
	pauseMin     time.Duration // before a stream is reopened, growing ...
	pauseMax     time.Duration // ... up to this
	gap          time.Duration // average between reading calls: instances allow 300 calls in 5 minutes
	burst        int           // reading calls without a gap
}

func defaultTiming() timing {
	return timing{
		call: 30 * time.Second, idle: 2 * time.Minute, poll: 15 * time.Second, quietPoll: 3 * time.Minute,
		mentionCheck: time.Minute, restCheck: 10 * time.Minute, selfCheck: 6 * time.Hour, pauseMin: time.Second, pauseMax: 5 * time.Minute,
		gap: 1500 * time.Millisecond, burst: 20,
	}
}

// jitter returns a random duration from d/2 to 3d/2, so that not all cities call a restarted instance at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d+1) }
