package supervisor

import "time"

// State is the state of an account.
type State string

// The states.
const (
	Starting State = "starting"
	Running  State = "running"
	Waiting  State = "waiting" // failed, will restart by itself
	Stuck    State = "stuck"   // a call has not returned after its deadline
	Revoked  State = "revoked" // the network has revoked the account
)

// Status describes an account to its admins.
type Status struct {
	Bot      string
	Label    string // Account.Label
	State    State
	Since    time.Time
	Detail   string // the reason, for admins: an id of the bot's texts, or a sentence; may be empty
	Restarts int    // since the program started
	Queue    int    // reports waiting to be sent
}
