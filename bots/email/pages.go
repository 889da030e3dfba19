package email

import (
	"net/http"

	"linienfunk/bots"
)

// maxForm is the longest body of a form, in bytes.
const maxForm = 16 << 10

// text translates into the visitor's language.
func (b *Bot) text(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}
