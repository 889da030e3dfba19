package site

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Announced is an announcement of the operator on a page.
type Announced struct {
	ID         uint
	Text, Lang string
	CanDismiss bool
}

// dismissedCookie has the numbers of the announcements that this browser does not show any more, with dots between them. It says nothing about who has it.
const dismissedCookie = "dismissed"

// dismissedFor is longer than announcements last, and maxDismissed keeps the cookie short.
const (
	dismissedFor = 180 * 24 * time.Hour
	maxDismissed = 50
)

// announced returns what admins see on their pages. The public pages of cities are the same for everybody, and have what is for everybody.
func (s *Site) announced(r *http.Request) (all []Announced) {
	public := strings.HasPrefix(r.URL.Path, "/c/")
	if s.Commands == nil || Admin(r) == nil && !public {
		return nil
	}
	for _, one := range s.Commands.Announced() {
		if public && !one.Public || !public && slices.Contains(dismissed(r), strconv.Itoa(int(one.ID))) {
			continue
		}
		text, in := one.Text(s.Lang(r))
		all = append(all, Announced{one.ID, text, in, !public})
	}
	return all
}

func dismissed(r *http.Request) []string {
	cookie, err := r.Cookie(dismissedCookie)
	if err != nil || cookie.Value == "" {
		return nil
	}
	return strings.Split(cookie.Value, ".")
}

// Dismiss has the browser show an announcement no more.
func (s *Site) Dismiss(w http.ResponseWriter, r *http.Request, id uint64) {
	ids := append(dismissed(r), strconv.FormatUint(id, 10))
	ids = ids[max(0, len(ids)-maxDismissed):]
	http.SetCookie(w, &http.Cookie{Name: dismissedCookie, Value: strings.Join(ids, "."), Path: "/", MaxAge: int(dismissedFor / time.Second), HttpOnly: true, Secure: strings.HasPrefix(s.BaseURL, "https://"), SameSite: http.SameSiteLaxMode})
}
