package twitter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/dghubble/oauth1"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// loginTime is how long a login may take.
const loginTime = 15 * time.Minute

// Login is a login under way.
type Login struct {
	Token  string `gorm:"primaryKey;size:64"` // digest of the request token
	Secret []byte `gorm:"not null"`           // sealed: that of the request token
	kit.Login
}

// Key is the digest of the request token.
func (l *Login) Key() *string { return &l.Token }

// Sealed holds the request token's secret.
func (l *Login) Sealed() *[]byte { return &l.Secret }

// flow is the login by OAuth 1.0a with the operator's keys
// (https://docs.x.com/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens).
func (b *bot) flow(ctx context.Context) *oauth1.Config {
	transport := b.transport(ctx)
	transport.forms = true
	return &oauth1.Config{
		ConsumerKey: b.operator.key, ConsumerSecret: b.operator.secret, CallbackURL: kit.CallbackURL(b.Core),
		HTTPClient: noRedirects(&http.Client{Transport: transport}),
		Endpoint: oauth1.Endpoint{
			RequestTokenURL: b.operator.api + "/oauth/request_token",
			AuthorizeURL:    b.operator.api + "/oauth/authorize",
			AccessTokenURL:  b.operator.api + "/oauth/access_token",
		},
	}
}

// begin asks X for a request token, stores the login under it, and returns the address where the admin allows it.
func (b *bot) begin(ctx context.Context, l Login, cookie string) (authorize string, err error) {
	flow := b.flow(ctx)
	token, secret, err := flow.RequestToken()
	if err != nil {
		return "", fmt.Errorf("ask for request token: %w", unwrapURL(err))
	}
	address, err := flow.AuthorizationURL(token)
	if err != nil {
		return "", err
	}
	return address.String(), b.Logins.Open(ctx, l, token, cookie, secret)
}

// finish exchanges the request token for the account's keys, gets their account, and stores it.
func (b *bot) finish(ctx context.Context, l Login, token, secret, verifier string) (Account, error) {
	access, accessSecret, err := b.flow(ctx).AccessToken(token, secret, verifier)
	if err != nil {
		return Account{}, fmt.Errorf("ask for access token: %w", unwrapURL(err))
	}
	keys := oauth1.NewToken(access, accessSecret)
	if _, err := b.reserveUnlimited(ctx, l.City, b.operator.price.user); err != nil {
		return Account{}, err
	}
	me, err := b.apiFor(keys, "", "").me(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("get account: %w", err)
	}
	row := Account{Base: kit.Base{City: l.City}, UserID: me.id, Handle: me.handle, Since: me.now}
	if row.Since.IsZero() {
		row.Since = b.store.utc()
	}
	old, oldKeys, err := b.Rows.Load(ctx, l.City)
	if err != nil && !errors.Is(err, kit.ErrNoAccount) {
		return row, err
	}
	text, err := marshalKeys(keys)
	if err != nil {
		return row, err
	}
	if err := b.Rows.Connect(ctx, row, text); err != nil {
		return row, err
	}
	// The same account gets the same keys each time that it allows the same application.
	if oldKeys != "" && old.UserID != row.UserID {
		b.revoke(context.WithoutCancel(ctx), old, oldKeys)
	}
	return row, nil
}

// revoke makes keys worthless. An error is only logged: the account is not used any more in any case.
func (b *bot) revoke(ctx context.Context, row Account, text string) {
	keys, err := unmarshalKeys(text)
	if err == nil && b.operator.complete() {
		err = b.invalidate(ctx, keys)
	}
	if err != nil {
		b.Core.Log.Warn("keys not revoked", "city", row.City, "err", err)
	}
}

// invalidate: https://docs.x.com/fundamentals/authentication/api-reference.
func (b *bot) invalidate(ctx context.Context, keys *oauth1.Token) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.operator.api+"/1.1/oauth/invalidate_token.json", nil)
	if err != nil {
		return err
	}
	resp, err := b.signed(ctx, keys).Do(req)
	if err != nil {
		return unwrapURL(err)
	}
	return resp.Body.Close()
}

// loginText returns the id of the text that explains a failed login to an admin.
func loginText(err error) string {
	if explained := bots.AsError(err).Say; explained != "" {
		return explained
	}
	var network net.Error // *url.Error is one, and so is a deadline
	said := apiErrorOf(err)
	switch {
	case said != nil && said.has(codeCallback):
		return "login-callback"
	case said != nil && said.tooMany():
		return "error-too-many"
	case said != nil && said.status >= 500:
		return "error-server"
	case said != nil && noAccess(said):
		return "error-access-login"
	case said != nil && said.status == http.StatusPaymentRequired, said != nil && said.problem == "usage-capped":
		return "error-credits"
	case said != nil:
		return "login-refused"
	case errors.Is(err, errNotJSON), errors.Is(err, errBroken), errors.Is(err, errTooLong), isSyntax(err), isForm(err):
		return "error-not-json"
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "error-unreachable"
	}
	return ""
}

// isForm reports whether a response lacks a field that oauth1 requires.
func isForm(err error) bool { return strings.Contains(err.Error(), "oauth1: ") }
