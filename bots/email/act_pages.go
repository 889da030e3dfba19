package email

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/chat"
)

// actLink is the address of the page that carries out a command in a notice.
func (b *Bot) actLink(city, token string, button int) string {
	return b.link(city, "act", token) + "&n=" + strconv.Itoa(button)
}

// actable returns the notice of a link, and the button that it is for. Otherwise it writes the answer and returns false.
func (b *Bot) actable(w http.ResponseWriter, r *http.Request) (c noticeContent, button chat.Button, ok bool) {
	city := bots.MountOf(r).City.Name
	row, c, found, err := b.store.notice(r.Context(), city, r.FormValue("t"))
	n, mistake := strconv.Atoi(r.FormValue("n"))
	switch {
	case err != nil:
		b.core.Log.Error("notice not found", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case !found || mistake != nil || n < 0 || n >= len(c.Buttons):
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
	case !b.core.Now().Before(row.Expires):
		b.showLinkFailed(w, r, http.StatusGone, "link-late")
	default:
		return c, c.Buttons[n], true
	}
	return c, button, false
}

// showAct shows what the mail says, and the button.
func (b *Bot) showAct(w http.ResponseWriter, r *http.Request) {
	c, button, ok := b.actable(w, r)
	if !ok {
		return
	}
	mount := bots.MountOf(r)
	noStore(w)
	b.core.Pages.Page(w, r, http.StatusOK, button.Label, "act.html", map[string]any{
		"Action": mount.Path + "/act", "Token": r.FormValue("t"), "Number": r.FormValue("n"), "Lines": strings.Split(c.Text, "\n"), "Button": button.Label,
	})
}

// act carries out the command. The link is only in a mail to the person, which proves that it is them.
func (b *Bot) act(w http.ResponseWriter, r *http.Request) {
	c, button, ok := b.actable(w, r)
	if !ok {
		return
	}
	city := bots.MountOf(r).City.Name
	id := "act " + url.QueryEscape(r.FormValue("t")) + " " + r.FormValue("n")
	a, isCommand, err := b.commands.Run(r.Context(), chat.Message{City: city, Person: c.Address, ID: id, Text: button.Command})
	switch {
	case err != nil:
		b.core.Log.Error("a command of a link failed", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case !isCommand:
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
	case a.Refused:
		b.core.Pages.Failed(w, r, a.Text)
	default:
		b.core.Pages.Done(w, r, a.Text)
	}
}
