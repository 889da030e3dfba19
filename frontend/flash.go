package frontend

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

// The cookie of a visitor without a session: sealed, so that nobody else puts words on our pages.
const (
	flashCookie  = "flash"
	flashSeconds = 60
	maxFlash     = 600 // characters
)

func flashPlace() secret.Cell { return secret.Cell{Table: "cookie", Column: flashCookie} }

// flash keeps a message: for admins in the session, for others in a cookie.
func (f *Frontend) flash(w http.ResponseWriter, r *http.Request, text string, failed bool) {
	data, err := json.Marshal(flash{Text: report.Cut(text, maxFlash), Failed: failed})
	if err != nil {
		return // cannot happen: a string and a bool
	}
	if who(r) != nil {
		f.sessions.Put(r.Context(), keyFlash, data)
		return
	}
	f.setFlashCookie(w, base64.RawURLEncoding.EncodeToString(f.Box.Seal(flashPlace(), data)), flashSeconds)
}

// takeFlash returns the message and forgets it.
func (f *Frontend) takeFlash(w http.ResponseWriter, r *http.Request) *flash {
	var data []byte
	if who(r) != nil && f.sessions.Exists(r.Context(), keyFlash) {
		data, _ = f.sessions.Pop(r.Context(), keyFlash).([]byte)
	} else if cookie, err := r.Cookie(flashCookie); err == nil {
		f.setFlashCookie(w, "", -1)
		if sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil {
			data, _ = f.Box.Open(flashPlace(), sealed) // a forged one is no message
		}
	}
	var message flash
	if len(data) == 0 || json.Unmarshal(data, &message) != nil || message.Text == "" {
		return nil
	}
	return &message
}

func (f *Frontend) setFlashCookie(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: flashCookie, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: f.secure, SameSite: http.SameSiteLaxMode,
	})
}
