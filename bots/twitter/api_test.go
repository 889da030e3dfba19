package twitter

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dghubble/oauth1"

	"linienfunk/bots"
)

// fixedResponse is a transport that answers all requests with the same body.
type fixedResponse string

func (s fixedResponse) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader([]byte(s)))}, nil
}

// clientsOf returns clients of a server for both versions of the API.
func clientsOf(t testing.TB, server http.RoundTripper) map[string]apiClient {
	t.Helper()
	all := map[string]apiClient{}
	for _, version := range []string{"2", "1.1"} {
		values := defaults()
		values["consumer_key"], values["consumer_secret"], values["dialect"] = "key", "secret", version
		made, err := New(bots.Core{Config: values, HTTP: &http.Client{Transport: server}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		all[version] = made.(*bot).apiFor(oauth1.NewToken("a", "b"), "1", "zuerich")
	}
	return all
}

func TestAResponseWithoutARequiredFieldIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `null`, `{}`, `{"data":null}`, `[{}]`, `[null]`, `{"data":[{}],"meta":{}}`, `{"data":{"id":"abc","username":"a b"}}`, `{"data":{"id":"7","username":"../x"}}`} {
		for version, d := range clientsOf(t, fixedResponse(body)) {
			if user, err := d.me(t.Context()); err == nil {
				t.Errorf("%s in version %s is %+v", body, version, user)
			}
			if id, err := d.post(t.Context(), "kontrolle"); err == nil && !isID(id) {
				t.Errorf("%s in version %s is the post %q", body, version, id)
			}
			if err := d.retweet(t.Context(), "7"); err == nil {
				t.Errorf("%s in version %s is a retweet", body, version)
			}
		}
	}
}

func TestAnEndlessResponseIsAnError(t *testing.T) {
	t.Parallel()
	for version, d := range clientsOf(t, fixedResponse(`["`+strings.Repeat("x", maxAnswer)+`"]`)) {
		if _, err := d.mentions(t.Context(), "", "", pageSize); err == nil {
			t.Errorf("version %s", version)
		}
	}
}

func TestIDsAreOrderedAsNumbersAndContainTheirTime(t *testing.T) {
	t.Parallel()
	if compareIDs("9", "10") >= 0 || compareIDs("10", "9") <= 0 || compareIDs("10", "10") != 0 || compareIDs("", "1") >= 0 || compareIDs("1050118621198921728", "1050118621198921729") >= 0 {
		t.Error("the order is wrong")
	}
	// An id and its time from https://docs.x.com/x-api/posts/get-post-by-id.
	at := time.Date(2021, 1, 6, 18, 40, 40, 0, time.UTC)
	if id := idAt(at); compareIDs(id, "1346889436626259968") > 0 || compareIDs(idAt(at.Add(time.Second)), "1346889436626259968") < 0 {
		t.Errorf("%v has the id %s", at, id)
	}
	for id, good := range map[string]bool{"1": true, "9223372036854775807": true, "": false, "0": false, "01": false, "-1": false, "9223372036854775808": false, "1/2": false} {
		if isID(id) != good {
			t.Errorf("%q is an id: %v", id, !good)
		}
	}
}

func FuzzPages(f *testing.F) {
	f.Add(`{"data":[{"id":"7","author_id":"8","text":"@zuerich &amp; https://t.co/1","created_at":"2026-01-01T00:00:00.000Z","entities":{"urls":[{"url":"https://t.co/1","expanded_url":"https://a.de"}]},"note_tweet":{"text":"x"}}],"includes":{"users":[{"id":"8","protected":true}]},"meta":{"next_token":"x"}}`)
	f.Add(`[{"id_str":"7","created_at":"Thu Jan 01 00:00:00 +0000 2026","full_text":"@zuerich x","user":{"id_str":"8","protected":true},"entities":{"urls":[{"url":"a"}]}}]`)
	f.Add(`{"events":[{"type":"message_create","id":"7","created_timestamp":"1","message_create":{"sender_id":"8","message_data":{"text":"x"}}}],"next_cursor":"x"}`)
	f.Add(`[null]`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, d := range clientsOf(t, fixedResponse(body)) {
			for _, read := range []func() (page, error){
				func() (page, error) { return d.mentions(t.Context(), "1", "", pageSize) },
				func() (page, error) { return d.messages(t.Context(), "", pageSize) },
			} {
				found, err := read()
				for _, p := range found.posts {
					if err != nil || !isID(p.id) || !isID(p.first) || p.author == "" || !utf8.ValidString(p.text) {
						t.Errorf("%s: %+v, %v", body, p, err)
					}
				}
			}
		}
	})
}
