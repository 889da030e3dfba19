package site

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"linienfunk/internal/secret"
	"linienfunk/report"
)

// Message is a message that the next page shows once.
type Message struct {
	Text    string
	Failed  bool
	Section string // id of the section that shows it; empty, or not on that page, for the top
}

// In returns the message if it belongs into a section, else nil.
func (m *Message) In(section string) *Message {
	if m == nil || m.Section != section {
		return nil
	}
	return m
}

// Visitors without a session get the message in a cookie. It is sealed, so that nobody else can put text on the pages.
const (
	flashCookie  = "flash"
	flashSeconds = 60
	maxFlash     = 600 // characters
)

func flashCell() secret.Cell { return secret.Cell{Table: "cookie", Column: flashCookie} }

// Tell redirects to another of our pages, which shows a message once. The message stands in the section that the fragment of the
// address names: browsers scroll there, and away from the top of the page.
func (s *Site) Tell(w http.ResponseWriter, r *http.Request, to, text string, failed bool) {
	_, section, _ := strings.Cut(to, "#")
	s.keepMessage(w, r, Message{Text: report.Cut(text, maxFlash), Failed: failed, Section: section})
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// Flash stores a message for the top of the next page.
func (s *Site) Flash(w http.ResponseWriter, r *http.Request, text string, failed bool) {
	s.keepMessage(w, r, Message{Text: report.Cut(text, maxFlash), Failed: failed})
}

// keepMessage stores a message for the next page: in the session of an admin, in a cookie for other visitors.
func (s *Site) keepMessage(w http.ResponseWriter, r *http.Request, message Message) {
	data, err := json.Marshal(message)
	if err != nil {
		return // impossible for strings and a bool
	}
	if Admin(r) != nil {
		s.sessions.Put(r.Context(), keyFlash, data)
		return
	}
	s.setFlashCookie(w, base64.RawURLEncoding.EncodeToString(s.Box.Seal(flashCell(), data)), flashSeconds)
}

// PlaceMessage takes the message for the page. It returns it if it belongs into one of the page's sections, for that section to
// show; otherwise the layout shows it at the top.
func (s *Site) PlaceMessage(w http.ResponseWriter, r *http.Request, p *Page, sections ...string) *Message {
	p.Message, p.messageTaken = s.popMessage(w, r), true
	if p.Message == nil || !slices.Contains(sections, p.Message.Section) {
		return nil
	}
	placed := p.Message
	p.Message = nil
	return placed
}

// popMessage returns the message, nil if there is none, and deletes it.
func (s *Site) popMessage(w http.ResponseWriter, r *http.Request) *Message {
	var data []byte
	if Admin(r) != nil && s.sessions.Exists(r.Context(), keyFlash) {
		data, _ = s.sessions.Pop(r.Context(), keyFlash).([]byte)
	} else if cookie, err := r.Cookie(flashCookie); err == nil {
		s.setFlashCookie(w, "", -1)
		if sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil {
			data, _ = s.Box.Open(flashCell(), sealed) // a forged message is ignored
		}
	}
	var message Message
	if len(data) == 0 || json.Unmarshal(data, &message) != nil || message.Text == "" {
		return nil
	}
	return &message
}

func (s *Site) setFlashCookie(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: flashCookie, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}
