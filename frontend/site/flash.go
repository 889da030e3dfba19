package site

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"linienfunk/internal/secret"
	"linienfunk/report"
)

// flash is a message that the next page shows once.
type flash struct {
	Text   string
	Failed bool
}

// Visitors without a session get the message in a cookie. It is sealed, so that nobody else can put text on the pages.
const (
	flashCookie  = "flash"
	flashSeconds = 60
	maxFlash     = 600 // characters
)

func flashCell() secret.Cell { return secret.Cell{Table: "cookie", Column: flashCookie} }

// Flash stores a message for the next page: in the session of an admin, in a cookie for other visitors.
func (s *Site) Flash(w http.ResponseWriter, r *http.Request, text string, failed bool) {
	data, err := json.Marshal(flash{Text: report.Cut(text, maxFlash), Failed: failed})
	if err != nil {
		return // impossible for a string and a bool
	}
	if Admin(r) != nil {
		s.sessions.Put(r.Context(), keyFlash, data)
		return
	}
	s.setFlashCookie(w, base64.RawURLEncoding.EncodeToString(s.Box.Seal(flashCell(), data)), flashSeconds)
}

// popFlash returns the message, nil if there is none, and deletes it.
func (s *Site) popFlash(w http.ResponseWriter, r *http.Request) *flash {
	var data []byte
	if Admin(r) != nil && s.sessions.Exists(r.Context(), keyFlash) {
		data, _ = s.sessions.Pop(r.Context(), keyFlash).([]byte)
	} else if cookie, err := r.Cookie(flashCookie); err == nil {
		s.setFlashCookie(w, "", -1)
		if sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil {
			data, _ = s.Box.Open(flashCell(), sealed) // a forged message is ignored
		}
	}
	var message flash
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
