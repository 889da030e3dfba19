package email_test

import (
	"bytes"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail/inbound/inboundtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	bottest.Run(t, "email", proven(), start, bottest.Features{
		EveryCity: true, Receives: true, Authors: true, Listens: true, Private: true, Broadcasts: true, Retracts: true, Once: true,
	})
}

// proven is the plugin for authors whose domains sign their mails.
func proven() bots.Plugin {
	return email.PluginWith(func(b *email.Bot) { b.SetProven(true) })
}

func (n *network) Person(name string) string { return name + "@rider.example" }

func (n *network) Answers(_ testing.TB, w *bottest.World, city, name string) (texts []string) {
	for _, mail := range w.Mails.All() {
		if (mail.From == city || mail.From == addressOf(city)) && mail.To == n.Person(name) && mail.Header["List-Id"] == "" {
			texts = append(texts, mail.Text)
		}
	}
	return texts
}

func (n *network) PostInPublic(testing.TB, *bottest.World, string, bottest.Post) bool { return false }

// network is the riders' mail programs, which send to the bot, and the subscribers' inboxes, which receive from it.
type network struct {
	mu      sync.Mutex
	address string // of the bot's SMTP server
	count   int
	sent    map[string]string // Message-ID by author and text: a mail program keeps it in a retry
}

func start(t testing.TB, w *bottest.World) bottest.Network {
	n := &network{sent: map[string]string{}}
	w.Mail.Listen = func() (net.Listener, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.address = listener.Addr().String()
		}
		return listener, err
	}
	w.Restart(t)
	return n
}

func (n *network) Connect(testing.TB, *bottest.World, string) {}

func (n *network) server() (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.address == "" {
		return "", errors.New("no server yet")
	}
	return n.address, nil
}

func (n *network) messageID(p bottest.Post) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := p.Author + "\x00" + p.Text
	if n.sent[key] == "" {
		n.count++
		n.sent[key] = fmt.Sprintf("%d@rider.example", n.count)
	}
	return n.sent[key]
}

func (n *network) Post(t testing.TB, w *bottest.World, city string, p bottest.Post) error {
	server, err := n.server()
	if err != nil {
		return err
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "From: <%s@rider.example>\r\nTo: <%s@linienfunk.example>\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", p.Author, city, n.messageID(p))
	text := quotedprintable.NewWriter(&body)
	text.Write([]byte(p.Text))
	text.Close()
	c, err := smtp.Dial(server)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail(p.Author+"@rider.example", []string{city + "@linienfunk.example"}, &body)
}

func (n *network) Shown(t testing.TB, w *bottest.World, city string) []string {
	var shown []string
	for _, mail := range w.Mails.All() {
		if mail.From == city && mail.Header["List-Id"] != "" {
			shown = append(shown, mail.Text)
		}
	}
	return shown
}

func (n *network) Subscribe(t testing.TB, w *bottest.World, city, subscriber string) {
	t.Helper()
	visitor{t, w, city}.subscribe(subscriber + "@rider.example")
}

func (n *network) Fail(bottest.Fault) {}
func (n *network) Heal()              {}

func TestConformanceWithAMailbox(t *testing.T) {
	t.Parallel()
	bottest.Run(t, "email", proven(), startMailbox, bottest.Features{
		EveryCity: true, Receives: true, Authors: true, Private: true, Broadcasts: true, Retracts: true, Once: true, Credentials: true, RecvOnly: true, Places: true,
	})
}

// mailboxes is network, but riders write to a mailbox that the city has connected.
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

// mailboxForm returns the form to connect a mailbox, as an admin fills it in.
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

// AddPlace adds a folder.
func (m *mailboxes) AddPlace(_ testing.TB, _ *bottest.World, city, name string) string {
	m.server.AddFolder(addressOf(city), name)
	return name
}

func (m *mailboxes) RemovePlace(_ testing.TB, _ *bottest.World, city, id string) {
	m.server.RemoveFolder(addressOf(city), id)
}
