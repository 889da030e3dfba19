package email_test

import (
	"net"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
)

func TestAnInvalidConfigurationNamesItsKey(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]string{"lmtp": "24", "relays": "mx.example.org", "greylist": "yes", "postmaster": "me",
		"author_limit": "0", "network_limit": "many", "network_limits": "google.com"} {
		w := bottest.NewWorld(t, "email", email.Plugin())
		w.Core.Config[key] = value
		w.Mail.Listen = func() (net.Listener, error) { return nil, net.ErrClosed }
		if _, err := email.New(w.Core); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s = %q: %v", key, value, err)
		}
	}
}
