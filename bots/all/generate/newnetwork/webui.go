package newnetwork

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// WebUI serves the settings of a city's account: kit's pages with our connect-form.html.
func (b *bot) WebUI() http.Handler { return b.pages.Settings(nil) }

// Public serves the link to the account on a city's page: kit's page with our how-to-report.html.
func (b *bot) Public() http.Handler { return b.pages.Public(nil) }

// connect handles connect-form.html: it tries the token before it stores it.
func (b *bot) connect(w http.ResponseWriter, r *http.Request) {
	server := strings.TrimSuffix(strings.TrimSpace(r.FormValue("server")), "/")
	parsed, err := url.Parse(server)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		b.pages.Failed(w, r, "bad-server")
		return
	}
	row := Account{Base: kit.Base{City: bots.MountOf(r).City.Name}, Server: server}
	token := strings.TrimSpace(r.FormValue("token"))
	if row, err = b.check(r.Context(), row, token); err == nil {
		err = b.accounts.Connect(r.Context(), row, token)
	}
	if err != nil {
		b.pages.Refuse(w, r, "connect", err)
		return
	}
	b.pages.Connected(w, r, row, "connected")
}

// check asks the server for the account that the token belongs to.
func (b *bot) check(ctx context.Context, row Account, token string) (Account, error) {
	var me struct {
		Name string `json:"name"`
	}
	err := client{b.core.HTTP, row.Server, token}.call(ctx, http.MethodGet, "/account", "", nil, &me)
	if err == nil {
		row.Name = me.Name
	}
	return row, err
}
