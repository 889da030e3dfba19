package account

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/templates"
)

// accountData is the data of account.html.
type accountData struct {
	Address    string
	Message    *site.Message // if it belongs into a section
	Languages  []site.LanguageLink
	Sessions   []site.SessionInfo
	NewAddress string
	Totp       bool  // a login takes a code
	Recovery   int64 // recovery codes that are left
	CanPasskey bool  // the server can have passkeys
	Passkeys   []db.Passkey
	LastOf     []site.CityLink // cities without another owner: the account cannot be deleted
	Errors     site.FormErrors // by the names of fields
}

// presentField is an input for the present password.
type presentField struct {
	Name   string
	Errors site.FormErrors
}

// Present returns the input with a name.
func (d accountData) Present(name string) presentField { return presentField{name, d.Errors} }

// sections are the ids of those of the page.
var sections = []string{"address", "password", "totp", "passkeys", "sessions", "language", "export", "delete"}

// account shows what an admin can change about their account.
func (p *Pages) account(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	return p.showAccount(w, r, http.StatusOK, admin, accountData{Errors: site.FormErrors{}})
}

func (p *Pages) showAccount(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, data accountData) error {
	var err error
	data.Address = admin.Address
	if data.Sessions, err = p.Sessions(r.Context(), admin.ID); err != nil {
		return err
	}
	if data.Totp, err = p.needsCode(r.Context(), admin.ID); err != nil {
		return err
	}
	if err := p.DB.WithContext(r.Context()).Model(&db.RecoveryCode{}).Where("admin_id = ?", admin.ID).Count(&data.Recovery).Error; err != nil {
		return err
	}
	if data.Passkeys, err = p.passkeysOf(r.Context(), admin.ID); err != nil {
		return err
	}
	data.CanPasskey = p.relying != nil
	for _, lang := range templates.Languages {
		data.Languages = append(data.Languages, site.LanguageLink{Lang: lang, Name: p.LanguageName(lang), Here: lang == p.Lang(r)})
	}
	names, err := p.Commands.LastOwnerOf(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	if data.LastOf, err = p.linksTo(r.Context(), names); err != nil {
		return err
	}
	about := site.Page{Title: p.Text(r, "account"), Private: true}
	data.Message = p.PlaceMessage(w, r, &about, sections...)
	return p.Show(w, r, status, about, "account.html", data)
}

// confirmed checks the password in a form, as a login does and within its limits. It answers if it is wrong. field is the name of the input.
func (p *Pages) confirmed(w http.ResponseWriter, r *http.Request, admin db.Admin, field string, data accountData) (bool, error) {
	password := r.PostForm.Get(field)
	say, status := "", http.StatusUnprocessableEntity
	switch {
	case !p.limits.login(admin.Address, r):
		say, status = "too-often", http.StatusTooManyRequests
	case len(password) > maxPassword:
		say = "account-wrong-password"
	default:
		ok, err := p.passwords.check(r.Context(), admin.Password, password)
		if err != nil || ok {
			return ok, err
		}
		say = "account-wrong-password"
	}
	data.Errors.Add(field, p.Text(r, say))
	return false, p.showAccount(w, r, status, admin, data)
}

// changePassword ends all other sessions, and links that were mailed for a new password.
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := accountData{Errors: site.FormErrors{}}
	password := r.PostForm.Get("password")
	if wrong := p.reserved.passwordError(password, admin.Address); wrong != "" {
		data.Errors.Add("password", p.Text(r, wrong, "Min", minPassword))
		return p.showAccount(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	if ok, err := p.confirmed(w, r, admin, "present", data); err != nil || !ok {
		return err
	}
	var err error
	if admin.Password, err = p.passwords.hash(r.Context(), password); err != nil {
		return err
	}
	err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		return errors.Join(
			tx.Model(&db.Admin{}).Where("id = ?", admin.ID).Update("password", admin.Password).Error,
			tx.Where("admin_id = ? AND purpose = ?", admin.ID, forReset).Delete(&db.Token{}).Error,
			tx.Where("admin_id = ?", admin.ID).Delete(&db.Session{}).Error,
		)
	})
	if err != nil {
		return err
	}
	if err := p.LogIn(r.Context(), admin); err != nil {
		return err
	}
	p.mailChange(r, admin, changedPassword)
	p.Tell(w, r, "/account#password", p.Text(r, "account-password-done"), false)
	return nil
}

// What of an account was changed: the ids of texts, of which each mail about a change has one.
const (
	changedPassword      = "changed-password"
	changedTotpOn        = "changed-totp-on"
	changedTotpOff       = "changed-totp-off"
	changedRecovery      = "changed-recovery"
	changedPasskeyMade   = "changed-passkey-made"
	changedPasskeyRemove = "changed-passkey-removed"
)

// changeMailTime is how long a mail about a change is tried: people do not read mail every day, and neither do their servers take it.
const changeMailTime = 5 * 24 * time.Hour

// mailChange tells an admin that the account was changed, in case that it was somebody else. What was changed holds also if the mail cannot be stored.
func (p *Pages) mailChange(r *http.Request, admin db.Admin, what string) {
	l := site.Letter{ID: "changed", Lang: admin.Lang, To: admin.Address, Key: tokenHash(what + " " + admin.Address + " " + p.Now().String()), Expires: p.Now().Add(changeMailTime),
		Pairs: []any{"What", p.TextIn(admin.Lang, what), "At", p.Now().UTC().Format(p.TextIn(admin.Lang, "date-format")) + " UTC", "URL", p.BaseURL + "/forgot", "Account", p.BaseURL + "/account"}}
	if err := p.Send(r.Context(), l); err != nil {
		p.Log.Warn("an admin is not told of a change of the account", "err", err)
	}
}

func (p *Pages) endSession(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	err := p.EndSession(r.Context(), admin.ID, r.PathValue("id"))
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	p.Tell(w, r, "/account#sessions", p.Text(r, "session-ended"), false)
	return nil
}

func (p *Pages) endSessions(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := p.EndOtherSessions(r.Context(), admin.ID); err != nil {
		return err
	}
	p.Tell(w, r, "/account#sessions", p.Text(r, "sessions-ended"), false)
	return nil
}

// changeLanguage sets the language of the account's mails and pages.
func (p *Pages) changeLanguage(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	lang := r.PostForm.Get("language")
	if !templates.Known(lang) {
		lang = p.Lang(r)
	}
	if err := p.DB.WithContext(r.Context()).Model(&db.Admin{}).Where("id = ?", admin.ID).Update("lang", lang).Error; err != nil {
		return err
	}
	p.Tell(w, r, "/account?"+url.Values{"lang": {lang}}.Encode()+"#language", p.TextIn(lang, "account-language-done"), false) // also for this browser
	return nil
}

// backToAccount is for addresses that only take forms.
func (p *Pages) backToAccount(w http.ResponseWriter, r *http.Request, _ db.Admin) error {
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}
