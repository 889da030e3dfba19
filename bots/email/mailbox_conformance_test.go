package email_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail/inbound/inboundtest"
)

func TestConformanceWithAMailbox(t *testing.T) {
	t.Parallel()
	bottest.Run(t, "email", email.Plugin(), startMailbox, bottest.Features{
		EveryCity: true, Receives: true, Authors: true, Private: true, Broadcasts: true, Once: true, Credentials: true, RecvOnly: true,
	})
}

// mailboxes are riders who write to a mailbox that the city has connected. Subscribers are as in network.
type mailboxes struct {
	*network
	server *inboundtest.Server
}

func startMailbox(t testing.TB, w *bottest.World) bottest.Network {
	return &mailboxes{start(t, w).(*network), inboundtest.New(t)}
}

func addressOf(city string) string { return city + "@post.example" }

func (m *mailboxes) Connect(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	m.server.Add(addressOf(city))
	if failed := settings(w, city, "/connect", mailboxForm(m.server, city)).Header().Get("X-Failed"); failed != "" {
		t.Fatalf("connecting: %s", failed)
	}
}

// mailboxForm is what an admin types.
func mailboxForm(s *inboundtest.Server, city string) url.Values {
	return url.Values{"address": {addressOf(city)}, "host": {s.Host()}, "port": {s.Port()}, "security": {"none"},
		"password": {inboundtest.Password}}
}

// settings sends a form of the settings page.
func settings(w *bottest.World, city, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	mount := bots.Mount{Path: "/city/" + city + "/bot/email", Lang: "en", Admin: true}
	mount.City, _, _ = w.Core.Cities.City(r.Context(), city)
	answer := httptest.NewRecorder()
	w.Bot.WebUI().ServeHTTP(answer, bots.WithMount(r, mount))
	return answer
}

func (m *mailboxes) Post(_ testing.TB, w *bottest.World, city string, p bottest.Post) error {
	m.server.Deliver(addressOf(city), fmt.Sprintf("Return-Path: <%[1]s@rider.example>\nFrom: <%[1]s@rider.example>\nTo: <%[2]s>\n"+
		"Message-ID: <%[3]s>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%[4]s\n",
		p.Author, addressOf(city), m.messageID(p), p.Text), w.Time())
	return nil
}

func (m *mailboxes) Fail(f bottest.Fault) { m.server.Fail(inboundtest.Fault(f)) }
func (m *mailboxes) Heal()                { m.server.Heal() }
