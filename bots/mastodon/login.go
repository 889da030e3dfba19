package mastodon

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

const (
	// scopes are the permissions that the bot needs, and no more (https://docs.joinmastodon.org/api/oauth-scopes/).
	scopes = "read:accounts read:follows read:lists read:statuses read:notifications write:statuses"
	// outOfBand makes an instance show the code instead of redirecting the browser.
	outOfBand = "urn:ietf:wg:oauth:2.0:oob"
	// loginTime is how long a login may take. Mastodon's codes are valid as long.
	loginTime = 10 * time.Minute
)

// Login is a login under way.
type Login struct {
	State    string `gorm:"primaryKey;size:64"` // digest of OAuth's state
	Instance string `gorm:"size:300;not null"`
	Verifier []byte `gorm:"not null"` // sealed: for PKCE, RFC 7636
	kit.Login
}

// Key is the digest of the state.
func (l *Login) Key() *string { return &l.State }

// Sealed holds the PKCE verifier.
func (l *Login) Sealed() *[]byte { return &l.Verifier }

// begin finds the instance, registers the program there if need be, stores the login and returns the address where
// the admin allows it, and the login's state. Without a cookie the instance shows the code.
func (b *bot) begin(ctx context.Context, typed, cookie string, l Login) (authorize, state string, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.timing.call) // for all calls together: an admin is waiting
	defer cancel()
	if l.Instance, err = parseInstance(typed, b.plain); err != nil {
		return "", "", err
	}
	if b.blockedServer(l.Instance, "") {
		return "", "", errBlocked
	}
	c := b.client(l.Instance, "")
	found, err := c.describe(ctx)
	if err != nil {
		return "", "", fmt.Errorf("find instance: %w", err)
	}
	d := serverProfile{software: softwareOf(found)}
	app, err := b.register(ctx, c, d)
	if err != nil {
		return "", "", err
	}
	verifier := rand.Text() + rand.Text() // 52 of the 43 to 128 characters that RFC 7636 allows
	state = rand.Text()
	if err = b.Logins.Open(ctx, l, state, cookie, verifier); err != nil {
		return "", "", err
	}
	challenge := sha256.Sum256([]byte(verifier))
	return l.Instance + "/oauth/authorize?" + url.Values{
		"response_type":         {"code"},
		"client_id":             {app.ClientID},
		"redirect_uri":          {b.redirectURI(cookie)},
		"scope":                 {d.scopes()},
		"state":                 {state},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}.Encode(), state, nil
}

func (b *bot) redirectURI(cookie string) string {
	if cookie == "" {
		return outOfBand
	}
	return kit.CallbackURL(b.Core)
}

// register returns the program's registration on the instance, and registers it if necessary
// (https://docs.joinmastodon.org/methods/apps/#create).
func (b *bot) register(ctx context.Context, c *client, d serverProfile) (App, error) {
	app, _, ok, err := b.store.app(ctx, c.instance, kit.CallbackURL(b.Core))
	if err != nil || ok && app.Scopes == d.scopes() {
		return app, err
	}
	made, err := masto.RegisterApp(ctx, &masto.AppConfig{
		Client: c.Client.Client, Server: c.instance, ClientName: "Linienfunk", Scopes: d.scopes(),
		RedirectURIs: kit.CallbackURL(b.Core) + "\n" + outOfBand, Website: b.Core.BaseURL,
	})
	if err != nil {
		return app, fmt.Errorf("register with instance: %w", err)
	}
	if made.ClientID == "" || made.ClientSecret == "" {
		return app, fmt.Errorf("register with instance: %w", errNoMastodon)
	}
	fresh := App{Instance: c.instance, ClientID: made.ClientID, RedirectURI: kit.CallbackURL(b.Core), Scopes: d.scopes()}
	if err := b.store.saveApp(ctx, fresh, made.ClientSecret, app.ClientID); err != nil {
		return app, err
	}
	app, _, ok, err = b.store.app(ctx, c.instance, kit.CallbackURL(b.Core)) // ours, or that of a concurrent login
	if err == nil && !ok {
		err = errors.New("registration with instance was deleted")
	}
	return app, err
}

// finish exchanges the code of a login for a token, gets the token's account, and stores it. It revokes a token that could not be
// used, and one that is replaced.
func (b *bot) finish(ctx context.Context, l Login, verifier, code string) (row Account, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.timing.call)
	defer cancel()
	token, err := b.exchange(ctx, l, verifier, code)
	if err != nil {
		return Account{}, fmt.Errorf("exchange code: %w", err)
	}
	defer func() {
		if err != nil {
			b.revokeIfUnused(ctx, l.City, l.Instance, token)
		}
	}()
	if row, err = b.identify(ctx, b.client(l.Instance, token)); err != nil {
		return row, err
	}
	if b.blockedServer(row.Instance, row.Domain) {
		return row, errBlocked
	}
	old, oldToken, err := b.Rows.Load(ctx, l.City)
	if err != nil && !errors.Is(err, kit.ErrNoAccount) {
		return row, err
	}
	row.City = l.City
	if err = b.Rows.Connect(ctx, row, token); err != nil {
		return row, err
	}
	if oldToken != "" {
		b.revokeIfUnused(ctx, l.City, old.Instance, oldToken)
	}
	return row, nil
}

// exchange gets the token for a code (https://docs.joinmastodon.org/methods/oauth/#token).
func (b *bot) exchange(ctx context.Context, l Login, verifier, code string) (string, error) {
	app, secret, _, err := b.store.app(ctx, l.Instance, "")
	if err != nil {
		return "", err
	}
	c := b.client(l.Instance, "")
	d, err := b.profileOf(ctx, c)
	if err != nil {
		return "", err
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = c.do(ctx, "/oauth/token", url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {strings.TrimSpace(code)},
		"client_id":     {app.ClientID},
		"client_secret": {secret},
		"redirect_uri":  {b.redirectURI(l.Browser)},
		"scope":         {d.scopes()},
		"code_verifier": {verifier},
	}, &token)
	var said *apiError
	if errors.As(err, &said) && said.code == "invalid_client" {
		err = errors.Join(err, b.store.forgetApp(ctx, l.Instance))
	}
	if err == nil && token.AccessToken == "" {
		err = errNoMastodon
	}
	return token.AccessToken, err
}

// identify gets the account of the client's token, and the position where reading begins.
func (b *bot) identify(ctx context.Context, c *client) (Account, error) {
	me, err := c.verifyCredentials(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("verify credentials: %w", err)
	}
	if me.Moved != nil {
		return Account{}, fmt.Errorf("verify credentials: %w", errMoved)
	}
	found, err := c.describe(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("describe instance: %w", err)
	}
	position, err := c.newest(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("read notifications: %w", err)
	}
	return Account{
		Instance: c.instance, AccountID: string(me.ID), Acct: me.Acct, Domain: found.Domain, URL: me.URL,
		IsBot: me.Bot, Limited: me.Limited, Position: position,
	}, nil
}

// revokeIfUnused revokes a token that no city uses any more. It tries once, with a short time limit, and only logs an error.
//
// Mastodon issues the same token again when an account allows the same application again (reuse_access_token in its
// config/initializers/doorkeeper.rb), so that another city, or another login, may use it too.
func (b *bot) revokeIfUnused(ctx context.Context, city, instance, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timing.call/3)
	defer cancel()
	used, err := b.tokenInUse(ctx, instance, token)
	if err == nil && !used {
		err = b.revoke(ctx, instance, token)
	}
	if err != nil {
		b.Core.Log.Warn("token not revoked", "city", city, "err", err)
	}
}

func (b *bot) revoke(ctx context.Context, instance, token string) error {
	app, secret, _, err := b.store.app(ctx, instance, "")
	if err != nil {
		return err
	}
	// https://docs.joinmastodon.org/methods/oauth/#revoke
	return b.client(instance, "").do(ctx, "/oauth/revoke", url.Values{
		"client_id": {app.ClientID}, "client_secret": {secret}, "token": {token},
	}, &struct{}{})
}

// loginText returns the id of the text that explains a failed login to an admin.
func loginText(err error) string {
	if explained := bots.AsError(err).Say; explained != "" {
		return explained
	}
	var tooMany *rateLimitError
	var notJSON *errNotJSON
	var network net.Error // *url.Error is one, and so is a deadline
	code := status(err)
	switch {
	case errors.Is(err, errHost):
		return "login-bad-host"
	case errors.Is(err, errBlocked):
		return "instance-blocked"
	case errors.Is(err, errMoved):
		return "error-moved"
	case errors.As(err, &tooMany):
		return "error-too-many"
	case errors.As(err, &notJSON) && notJSON.status >= 500, code >= 500:
		return "error-server"
	case errors.Is(err, errNoMastodon), errors.As(err, &notJSON), isSyntax(err), code == http.StatusNotFound:
		return "login-no-mastodon"
	case code != 0:
		return "login-refused"
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errTooLong):
		return "login-unreachable"
	}
	return ""
}
