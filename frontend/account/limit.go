package account

import (
	"net/http"
	"time"

	"linienfunk/internal/limits"
)

// rateLimits limit the actions of visitors without a login.
type rateLimits struct {
	loginAddress *limits.Limiter // attempts on one account, from anywhere
	loginNetwork *limits.Limiter // further attempts on one account, from one network
	loginSpare   *limits.Limiter // further attempts on one account, from all networks together
	loginClient  *limits.Limiter // attempts of one client, on any account
	mailAddress  *limits.Limiter // mails to one address
	mailClient   *limits.Limiter // mails that one client causes
}

func newRateLimits(now func() time.Time) rateLimits {
	return rateLimits{
		loginAddress: limits.New(now, limits.Rate{Burst: 10, Every: time.Minute}),
		loginNetwork: limits.New(now, limits.Rate{Burst: 3, Every: 6 * time.Hour}),
		loginSpare:   limits.New(now, limits.Rate{Burst: 300, Every: 5 * time.Minute}),
		loginClient:  limits.New(now, limits.Rate{Burst: 30, Every: 10 * time.Second}),
		mailAddress:  limits.New(now, limits.Rate{Burst: 3, Every: 10 * time.Minute}),
		mailClient:   limits.New(now, limits.Rate{Burst: 10, Every: time.Minute}),
	}
}

// login reports whether an attempt to log in is allowed, and counts it.
//
// Anybody can use up the attempts on an account, with one wrong password a minute. So that its admin still gets in, a network that
// has not tried this account lately has a few attempts of its own. All networks together have 300 of those and then one in five
// minutes: locking the admin out takes a hundred networks at once, and guessing from thousands of networks is limited to
// 1,728 passwords a day.
func (l rateLimits) login(address string, r *http.Request) bool {
	network := limits.RemoteNetwork(r.RemoteAddr, 24, 48) // one person often has a whole /48
	return l.loginClient.Allow(client(r)) &&
		(l.loginAddress.Allow(address) || l.loginNetwork.Allow(address+" "+network) && l.loginSpare.Allow(address))
}

// client is the key of the visitor's address. Behind a reverse proxy site.Guard has put the visitor's address into the request.
func client(r *http.Request) string { return limits.Client(r.RemoteAddr) }
