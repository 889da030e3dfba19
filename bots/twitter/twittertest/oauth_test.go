package twittertest

import (
	"net/http"
	"strings"
	"testing"
)

// The example is X's own: https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature.
func TestASignatureIsComputedAsXDescribesIt(t *testing.T) {
	r, err := http.NewRequest(http.MethodPost, "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
		strings.NewReader("status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	oauth, ok := parseHeader(`OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", ` +
		`oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1318622958", ` +
		`oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_version="1.0"`)
	if !ok {
		t.Fatal("the header is not read")
	}
	if problem := verify(r, oauth, "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"); problem != "" {
		t.Error(problem)
	}
	if verify(r, oauth, "another") == "" {
		t.Error("another secret makes the same signature")
	}
}

func TestTheServerComplainsAboutInvalidRequests(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"nothing is signed":     func(*http.Request) {},
		"another key":           func(r *http.Request) { r.Header.Set("Authorization", `OAuth oauth_consumer_key="x"`) },
		"a path that is not":    func(r *http.Request) { r.URL.Path = "/2/nothing" },
		"a name of the library": func(r *http.Request) { r.Header.Set("User-Agent", "Go-http-client/1.1") },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t)
			r, err := http.NewRequest(http.MethodGet, s.URL+"/2/users/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("User-Agent", "somebody")
			change(r)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode < 400 || len(s.Complaints()) == 0 {
				t.Errorf("answered %d, complaints %q", resp.StatusCode, s.Complaints())
			}
			s.Forgive()
		})
	}
}
