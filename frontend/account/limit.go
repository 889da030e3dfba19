package account

import (
	"net/http"
	"time"

	"linienfunk/internal/limits"
)

// rateLimits limit the actions of visitors without a login.
type rateLimits struct {
	attempts    addressLimit    // to log in to one account
	loginClient *limits.Limiter // attempts of one client, on any account

	// Mails to one address. Each kind has a budget of its own, so that registering under an admin's address does not keep a new password
	// from them.
	register, forgot, address addressLimit
	codes                     *limits.Limiter // of the second step of one account, by whoever has its password
	mailClient                *limits.Limiter // mails that one client causes
}

// addressLimit limits what anybody can do to one address.
//
// Anybody can use up the budget of an address. So that its owner is still served, a network that has not used this address lately has a
// small budget of its own. All networks together share a spare budget: locking the owner out takes many networks at once, and
// even thousands of them get little more than the spare budget.
type addressLimit struct {
	address *limits.Limiter // from anywhere
	network *limits.Limiter // further ones, of one network
	spare   *limits.Limiter // further ones, of all networks together
}

func (l addressLimit) allow(address string, r *http.Request) bool {
	network := limits.RemoteNetwork(r.RemoteAddr, 24, 48) // one person often has a whole /48
	return l.address.Allow(address) || l.network.Allow(address+" "+network) && l.spare.Allow(address)
}

func newRateLimits(group *limits.Group) rateLimits {
	// A few mails at once do no harm; a hundred a day would.
	mails := func(kind string) addressLimit {
		return addressLimit{
			address: group.New(kind+".address", limits.Rate{Burst: 3, Every: 10 * time.Minute}),
			network: group.New(kind+".network", limits.Rate{Burst: 2, Every: 6 * time.Hour}),
			spare:   group.New(kind+".spare", limits.Rate{Burst: 20, Every: 30 * time.Minute}),
		}
	}
	return rateLimits{
		// From thousands of networks, 1,728 passwords of an account can be guessed in a day.
		attempts: addressLimit{
			address: group.New("login.address", limits.Rate{Burst: 10, Every: time.Minute}),
			network: group.New("login.network", limits.Rate{Burst: 3, Every: 6 * time.Hour}),
			spare:   group.New("login.spare", limits.Rate{Burst: 300, Every: 5 * time.Minute}),
		},
		loginClient: group.New("login.client", limits.Rate{Burst: 30, Every: 10 * time.Second}),
		register:    mails("register"), forgot: mails("forgot"), address: mails("address"),
		codes:      group.New("login.codes", limits.Rate{Burst: 10, Every: 5 * time.Minute}), // with three codes that are right, one in a thousand is guessed in a day
		mailClient: group.New("mails.client", limits.Rate{Burst: 10, Every: time.Minute}),
	}
}

// login reports whether an attempt to log in is allowed, and counts it.
func (l rateLimits) login(address string, r *http.Request) bool {
	return l.loginClient.Allow(client(r)) && l.attempts.allow(address, r)
}

// client is the key of the visitor's address. Behind a reverse proxy site.Guard has put the visitor's address into the request.
func client(r *http.Request) string { return limits.Client(r.RemoteAddr) }
