package frontend

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"linienfunk/db"
)

// registration is what waits for its confirmation. It reserves nothing: the link may be somebody's joke.
type registration struct {
	Address, Password, City, Title, Lang string // Password is hashed
}

// registerData is the page's data. The password is never shown again.
type registerData struct {
	Address, City, Title string
	Domain, Host         string
	Errors               formErrors
}

func (f *Frontend) registerForm(w http.ResponseWriter, r *http.Request) error {
	if who(r) != nil {
		http.Redirect(w, r, "/cities", http.StatusSeeOther)
		return nil
	}
	return f.showRegister(w, r, http.StatusOK, registerData{})
}

func (f *Frontend) showRegister(w http.ResponseWriter, r *http.Request, status int, data registerData) error {
	data.Domain, data.Host = f.Domain, strings.TrimPrefix(strings.TrimPrefix(f.BaseURL, "https://"), "http://")
	return f.show(w, r, status, page{Title: f.t(r, "register")}, "register.html", data)
}

// register checks everything that does not depend on whether the address is known, and then answers the same and
// after the same work, whether it is or not: only the mail tells.
func (f *Frontend) register(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	data := registerData{Title: strings.TrimSpace(r.PostForm.Get("title")), Errors: formErrors{}}
	var wrong string
	if data.Address, wrong = f.parseAddress(r.PostForm.Get("address")); wrong != "" {
		data.Errors.add("address", f.t(r, wrong))
	}
	if err := f.checkCity(r, &data.City, data.Title, data.Errors); err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if wrong := f.words.passwordError(password, data.Address, data.City); wrong != "" {
		data.Errors.add("password", f.t(r, wrong, "Min", minPassword))
	}
	if len(data.Errors) > 0 {
		return f.showRegister(w, r, http.StatusUnprocessableEntity, data)
	}
	if !f.limits.mailClient.allow(client(r), f.Now()) {
		data.Errors.add("", f.t(r, "too-often"))
		return f.showRegister(w, r, http.StatusTooManyRequests, data)
	}
	hash, err := f.passwords.hash(r.Context(), password)
	if err != nil {
		return err
	}
	err = f.mailRegistration(r.Context(), registration{data.Address, hash, data.City, data.Title, f.lang(r)})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/register/sent", http.StatusSeeOther)
	return nil
}

func (f *Frontend) mailRegistration(ctx context.Context, one registration) error {
	if !f.limits.mailAddress.allow(one.Address, f.Now()) {
		return nil // and nobody learns of it: it would tell strangers what others did
	}
	_, err := f.DB.AdminByAddress(ctx, one.Address)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	token, failed := f.newToken(ctx, forRegister, 0, one, registerTime) // for a known address too: the same work
	if failed != nil {
		return failed
	}
	l := letter{id: "register", lang: one.Lang, to: one.Address, key: tokenHash(token), expires: f.Now().Add(registerTime)}
	if err == nil {
		l.id, l.pairs = "register-known", []any{"City", one.City, "URL", f.BaseURL + "/login"}
	} else {
		l.pairs = []any{"City", one.City, "URL", f.BaseURL + "/confirm/" + token}
	}
	return f.send(ctx, l)
}

func (f *Frontend) registerSent(w http.ResponseWriter, r *http.Request) error {
	f.say(w, r, http.StatusOK, "register-sent", "register-sent-text")
	return nil
}
