package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

const (
	forPasskey      = "passkey" // to register one
	forPasskeyLogin = "login"   // to log in with one
	passkeyTime     = 5 * time.Minute

	maxPasskeys    = 20
	maxPasskeyName = 60 // characters
)

// newRelyingParty returns what passkeys belong to: the host of the public address. It is nil for an IP address, which browsers refuse. The authenticator has to make sure who the person is, so
// that a passkey counts for both steps of a login.
func newRelyingParty(baseURL string) (*webauthn.WebAuthn, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(base.Hostname()); err == nil {
		return nil, nil
	}
	required := true
	return webauthn.New(&webauthn.Config{
		RPID: base.Hostname(), RPDisplayName: "Linienfunk", RPOrigins: []string{base.Scheme + "://" + base.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: &required, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
	})
}

// passkeyUser is an admin as package webauthn wants one.
type passkeyUser struct {
	db.Admin
	handle []byte // says nothing about the admin
	keys   []webauthn.Credential
}

func (u passkeyUser) WebAuthnID() []byte                         { return u.handle }
func (u passkeyUser) WebAuthnName() string                       { return u.Address }
func (u passkeyUser) WebAuthnDisplayName() string                { return u.Address }
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func (p *Pages) passkeyUser(ctx context.Context, admin db.Admin) (passkeyUser, error) {
	u := passkeyUser{Admin: admin, handle: []byte(p.Box.Digest("passkey user", strconv.FormatUint(uint64(admin.ID), 10))[:64])}
	rows, err := p.passkeysOf(ctx, admin.ID)
	for _, row := range rows {
		var key webauthn.Credential
		if err := json.Unmarshal([]byte(row.Credential), &key); err != nil {
			return u, fmt.Errorf("read passkey: %w", err)
		}
		u.keys = append(u.keys, key)
	}
	return u, err
}

// passkeysOf lists the passkeys of an admin, the oldest first.
func (p *Pages) passkeysOf(ctx context.Context, admin uint) (rows []db.Passkey, err error) {
	err = p.DB.WithContext(ctx).Where("admin_id = ?", admin).Order("id").Find(&rows).Error
	return rows, err
}

// ceremony is the data of a token between the two halves of a registration or a login. Name is that of the new passkey, Next where a login leads.
type ceremony struct {
	Session    webauthn.SessionData
	Name, Next string
}

// answerJSON answers a script.
func answerJSON(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // an error means that the visitor has left
	return nil
}

// refuseScript tells a script why something did not work, in the visitor's language.
func (p *Pages) refuseScript(w http.ResponseWriter, r *http.Request, status int, id string) error {
	return answerJSON(w, status, map[string]string{"error": p.Text(r, id)})
}

// begun answers with the options for the browser, and with where the second half goes.
func (p *Pages) begun(w http.ResponseWriter, r *http.Request, purpose, path string, admin uint, options any, c ceremony) error {
	token, err := p.newToken(r.Context(), purpose, admin, c, passkeyTime)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]any{"options": options, "finish": path + token})
}

// finished reads the data of a second half, and uses it up: there is one try.
func (p *Pages) finished(r *http.Request, purpose string) (token db.Token, c ceremony, err error) {
	if token, err = p.readToken(r, purpose, &c); err != nil {
		return token, c, err
	}
	err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error { return useToken(tx, token) })
	return token, c, err
}

// beginPasskey begins to register a passkey, with its name and the present password.
func (p *Pages) beginPasskey(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if p.relying == nil {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	name, ok := passkeyName(r)
	if !ok {
		return p.refuseScript(w, r, http.StatusUnprocessableEntity, "passkey-name-wrong")
	}
	if !p.limits.login(admin.Address, r) {
		return p.refuseScript(w, r, http.StatusTooManyRequests, "too-often")
	}
	password := r.PostForm.Get("passkey_password")
	if ok, err := p.passwords.check(r.Context(), admin.Password, password[:min(len(password), maxPassword)]); err != nil {
		return err
	} else if !ok {
		return p.refuseScript(w, r, http.StatusUnprocessableEntity, "account-wrong-password")
	}
	user, err := p.passkeyUser(r.Context(), admin)
	if err != nil {
		return err
	}
	if len(user.keys) >= maxPasskeys {
		return p.refuseScript(w, r, http.StatusConflict, "passkey-many")
	}
	options, session, err := p.relying.BeginRegistration(user, webauthn.WithExclusions(webauthn.Credentials(user.keys).CredentialDescriptors()))
	if err != nil {
		return err
	}
	return p.begun(w, r, forPasskey, "/account/passkey/", admin.ID, options.Response, ceremony{Session: *session, Name: name})
}

// finishPasskey stores the passkey that the browser has made.
func (p *Pages) finishPasskey(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if p.relying == nil {
		return db.ErrNotFound
	}
	token, c, err := p.finished(r, forPasskey)
	if err != nil || token.AdminID != admin.ID {
		return p.passkeyFailed(w, r, err)
	}
	user, err := p.passkeyUser(r.Context(), admin)
	if err != nil {
		return err
	}
	key, err := p.relying.FinishRegistration(user, c.Session, r)
	if err != nil {
		return p.passkeyFailed(w, r, err)
	}
	text, err := json.Marshal(key)
	if err != nil {
		return err
	}
	row := db.Passkey{AdminID: admin.ID, Name: c.Name, CredentialID: base64.RawURLEncoding.EncodeToString(key.ID), Credential: string(text), CreatedAt: p.Now()}
	if err := p.DB.WithContext(r.Context()).Create(&row).Error; err != nil {
		return err
	}
	p.mailChange(r, admin, changedPasskeyMade)
	p.Flash(w, r, p.Text(r, "passkey-made", "Name", c.Name), false)
	return answerJSON(w, http.StatusOK, map[string]string{"next": "/account"})
}

// passkeyFailed answers a script whose passkey is refused. Errors of the protocol are the browser's.
func (p *Pages) passkeyFailed(w http.ResponseWriter, r *http.Request, err error) error {
	var refused *protocol.Error
	if err != nil && !errors.Is(err, db.ErrNotFound) && !errors.As(err, &refused) {
		return err
	}
	if refused != nil {
		p.Log.Info("a passkey is refused", "err", refused.Details)
	}
	return p.refuseScript(w, r, http.StatusUnprocessableEntity, "passkey-wrong")
}

// passkeyName is the name of a passkey as somebody has typed it; false if it is empty or too long.
func passkeyName(r *http.Request) (string, bool) {
	name := strings.TrimSpace(r.PostForm.Get("name"))
	return name, name != "" && utf8.RuneCountInString(name) <= maxPasskeyName
}

func (p *Pages) renamePasskey(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	name, ok := passkeyName(r)
	if !ok {
		p.Tell(w, r, "/account#passkeys", p.Text(r, "passkey-name-wrong"), true)
		return nil
	}
	done := p.DB.WithContext(r.Context()).Model(&db.Passkey{}).Where("admin_id = ? AND id = ?", admin.ID, r.PathValue("id")).Update("name", name)
	if done.Error == nil && done.RowsAffected == 0 {
		return db.ErrNotFound
	}
	if done.Error != nil {
		return done.Error
	}
	p.Tell(w, r, "/account#passkeys", p.Text(r, "passkey-renamed", "Name", name), false)
	return nil
}

func (p *Pages) removePasskey(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	done := p.DB.WithContext(r.Context()).Where("admin_id = ? AND id = ?", admin.ID, r.PathValue("id")).Delete(&db.Passkey{})
	if done.Error != nil {
		return done.Error
	}
	if done.RowsAffected > 0 { // a form may be sent twice
		p.mailChange(r, admin, changedPasskeyRemove)
	}
	p.Tell(w, r, "/account#passkeys", p.Text(r, "passkey-removed"), false)
	return nil
}

// beginPasskeyLogin begins a login in which the authenticator says whose account it is.
func (p *Pages) beginPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	if p.relying == nil {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	if !p.limits.loginClient.Allow(client(r)) {
		return p.refuseScript(w, r, http.StatusTooManyRequests, "too-often")
	}
	options, session, err := p.relying.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return err
	}
	return p.begun(w, r, forPasskeyLogin, "/login/passkey/", 0, options.Response, ceremony{Session: *session, Next: r.PostForm.Get("next")})
}

// finishPasskeyLogin logs in whoever has the passkey. It needs no code of an app: the authenticator has asked for a finger, a face or a PIN.
func (p *Pages) finishPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	if p.relying == nil {
		return db.ErrNotFound
	}
	_, c, err := p.finished(r, forPasskeyLogin)
	if err != nil {
		return p.passkeyFailed(w, r, err)
	}
	var row db.Passkey
	found, key, err := p.relying.FinishPasskeyLogin(func(id, _ []byte) (webauthn.User, error) {
		if err := p.DB.WithContext(r.Context()).Where("credential_id = ?", base64.RawURLEncoding.EncodeToString(id)).Take(&row).Error; err != nil {
			return nil, err
		}
		admin, err := p.DB.AdminByID(r.Context(), row.AdminID)
		if err != nil {
			return nil, err
		}
		return p.passkeyUser(r.Context(), admin)
	}, c.Session, r)
	if err != nil {
		return p.passkeyFailed(w, r, err)
	}
	if key.Authenticator.CloneWarning {
		return p.refuseScript(w, r, http.StatusUnprocessableEntity, "passkey-wrong")
	}
	admin := found.(passkeyUser).Admin
	text, err := json.Marshal(key)
	if err != nil {
		return err
	}
	if err := p.DB.WithContext(r.Context()).Model(&db.Passkey{}).Where("id = ?", row.ID).Updates(map[string]any{"credential": string(text), "used_at": db.Time(p.Now())}).Error; err != nil {
		return err
	}
	if err := p.LogIn(r.Context(), admin); err != nil {
		return err
	}
	next, err := p.home(r.Context(), admin, c.Next)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]string{"next": next})
}
