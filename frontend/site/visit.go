package site

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"linienfunk/db"
	"linienfunk/templates"
)

// visit has the visitor's data in a request's context.
type visit struct {
	admin *db.Admin // nil if the visitor is not logged in
	lang  string

	browser string // see browserOf
}

type visitKey struct{}

// withVisit loads the session and puts the visitor into the request's context. It saves the session right before the first byte
// of the answer, as the middleware of scs does, but without buffering the answer.
func (s *Site) withVisit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie, Accept-Language")
		if s.chooseLang(w, r) {
			return
		}
		var token string
		if cookie, err := r.Cookie(s.sessions.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx, err := s.sessions.Load(r.Context(), token)
		var admin *db.Admin
		if err == nil {
			admin, err = s.current(ctx)
		}
		if err != nil {
			s.Log.Error("cannot read session", "err", err)
			s.ShowError(w, r, http.StatusInternalServerError)
			return
		}
		r = r.WithContext(context.WithValue(ctx, visitKey{}, visit{admin: admin, lang: s.pickLang(r, admin), browser: browserOf(r.UserAgent())}))
		res := &response{ResponseWriter: w}
		res.before = func() error { return s.saveSession(w, r) }
		defer s.recoverPage(res, r)
		next.ServeHTTP(res, r)
		res.begin()
	})
}

func (s *Site) saveSession(w http.ResponseWriter, r *http.Request) error {
	ctx := context.WithoutCancel(r.Context()) // the session counts even if the visitor has left
	token, expiry := "", time.Time{}
	switch s.sessions.Status(ctx) {
	case scs.Unmodified:
		return nil
	case scs.Modified:
		var err error
		if token, expiry, err = s.sessions.Commit(ctx); err != nil {
			s.Log.Error("cannot save session", "err", err)
			return err
		}
	}
	s.sessions.WriteSessionCookie(ctx, w, token, expiry)
	return nil
}

// Admin returns the logged-in admin, nil for other visitors.
func Admin(r *http.Request) *db.Admin {
	v, _ := r.Context().Value(visitKey{}).(visit)
	return v.admin
}

// Lang is the language of the answer.
func (s *Site) Lang(r *http.Request) string {
	if v, ok := r.Context().Value(visitKey{}).(visit); ok {
		return v.lang
	}
	return s.pickLang(r, nil)
}

// pickLang returns the language chosen in this browser, else the admin's, else the best match for Accept-Language.
func (s *Site) pickLang(r *http.Request, admin *db.Admin) string {
	if lang := ChosenLang(r); lang != "" {
		return lang
	}
	if admin != nil && templates.Known(admin.Lang) {
		return admin.Lang
	}
	return templates.Match(r.Header.Get("Accept-Language"))
}

// ChosenLang is the language that was chosen in this browser, or empty.
func ChosenLang(r *http.Request) string {
	if cookie, err := r.Cookie("lang"); err == nil && templates.Known(cookie.Value) {
		return cookie.Value
	}
	return ""
}

// chooseLang handles ?lang=: it stores the language in a cookie and redirects to the same page without the parameter. It
// returns false if the request does not choose a language.
func (s *Site) chooseLang(w http.ResponseWriter, r *http.Request) bool {
	query := r.URL.Query()
	lang := query.Get("lang")
	if r.Method != http.MethodGet || !templates.Known(lang) {
		return false
	}
	http.SetCookie(w, &http.Cookie{
		Name: "lang", Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
	query.Del("lang")
	to := *r.URL
	to.Scheme, to.Host, to.RawPath, to.RawQuery = "", "", "", query.Encode()
	to.Path = path.Clean("/" + strings.TrimLeft(to.Path, `/\`)) // never //host
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusSeeOther)
	return true
}
