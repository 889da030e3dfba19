package supervisor

import "time"

// State is what the process of an account is doing.
type State string

// The states.
const (
	Starting State = "starting"
	Running  State = "running"
	Waiting  State = "waiting" // failed, will start again by itself
	Stuck    State = "stuck"   // a call does not return, although its time is over
	Halted   State = "revoked" // the network turned the account away
)

// Status tells admins how their account in one network does.
type Status struct {
	Bot      string
	Label    string // Account.Label
	State    State
	Since    time.Time
	Detail   string // why, for admins: an id of the bot's texts, or a sentence; may be empty
	Restarts int    // since the program started
	Queue    int    // reports waiting to be sent
}
