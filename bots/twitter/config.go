package twitter

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"linienfunk/bots"
)

// configKeys are the operator's keys: the application's keys, the server, and the prices of
// https://docs.x.com/x-api/getting-started/pricing (as of 2026; X changes them now and then).
func configKeys() []bots.ConfigKey {
	return []bots.ConfigKey{
		{Name: "consumer_key", Help: "API key of your application at X; empty switches the network off"},
		{Name: "consumer_secret", Help: "API key secret of your application", Secret: true},
		{Name: "api", Help: "address of the API", Default: "https://api.x.com"},
		{Name: "dialect", Help: "version of the API: 2 or 1.1", Default: "2"},
		{Name: "poll", Help: "time between polls for mentions, 3s at least", Default: "15s"},
		{Name: "currency", Help: "currency of the prices", Default: "USD"},
		{Name: "price_read", Help: "price of one post read", Default: "0.005"},
		{Name: "price_user", Help: "price of one author read, which comes with a post", Default: "0.010"},
		{Name: "price_message", Help: "price of one direct message read", Default: "0.010"},
		{Name: "price_post", Help: "price of one post or retweet", Default: "0.015"},
		{Name: "price_post_link", Help: "price of one post with a link in it", Default: "0.200"},
		{Name: "price_delete", Help: "price of deleting one post", Default: "0.010"},
	}
}

// isServer reports whether an address is that of a server without a path. It must begin with https, since the login sends secrets, except for a
// server on this machine, as in tests.
func isServer(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || address != u.Scheme+"://"+u.Host {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

// operator is the operator's configuration.
type operator struct {
	key, secret string
	api         string // without a slash at the end
	version     string
	poll        time.Duration
	currency    string
	price       prices
}

// prices are what X charges for one of each.
type prices struct{ read, user, message, post, link, delete amount }

// minPoll keeps below the limit of 300 calls for mentions in 15 minutes and account
// (https://docs.x.com/x-api/fundamentals/rate-limits).
const minPoll = 15 * time.Minute / 300

func (o operator) complete() bool { return o.key != "" }

// checkConfig returns the key whose value cannot work, and why.
func checkConfig(values map[string]string) (key string, err error) {
	_, key, err = readConfig(values)
	return key, err
}

// readConfig reads the operator's keys. With an error it returns the key whose value cannot work.
func readConfig(values map[string]string) (operator, string, error) {
	o := operator{
		key: strings.TrimSpace(values["consumer_key"]), secret: strings.TrimSpace(values["consumer_secret"]),
		api: strings.TrimSuffix(values["api"], "/"), version: values["dialect"], currency: values["currency"],
	}
	if (o.key == "") != (o.secret == "") {
		given := "consumer_key"
		if o.key == "" {
			given = "consumer_secret"
		}
		return o, given, errors.New("consumer_key and consumer_secret belong together: give both or none")
	}
	if !isServer(o.api) {
		return o, "api", fmt.Errorf("%q is not an address such as https://api.x.com", o.api)
	}
	if o.version != "2" && o.version != "1.1" {
		return o, "dialect", fmt.Errorf("%q is neither 2 nor 1.1", o.version)
	}
	var err error
	if o.poll, err = time.ParseDuration(values["poll"]); err != nil || o.poll < minPoll || o.poll > time.Hour {
		return o, "poll", fmt.Errorf("%q is not a duration from %v to an hour, such as 15s", values["poll"], minPoll)
	}
	for name, price := range map[string]*amount{
		"price_read": &o.price.read, "price_user": &o.price.user, "price_message": &o.price.message,
		"price_post": &o.price.post, "price_post_link": &o.price.link, "price_delete": &o.price.delete,
	} {
		if *price, err = parseAmount(values[name]); err != nil {
			return o, name, err
		}
	}
	return o, "", nil
}
