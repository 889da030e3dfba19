package web

import (
	"net/http"
	"time"

	"linienfunk/bots"
)

// postView is the data of post.html. The live stream renders that template without the core's functions, which render whole pages,
// so texts are fields.
type postView struct {
	ID       uint
	DateTime string // RFC 3339, for programs
	When     string // for people
	Text     string
	Rest     string // collapsed; empty for a short post
	More     string // label to expand Rest
}

func (b *bot) view(r *http.Request, p post) postView {
	text, rest := collapse(p.Text)
	return postView{
		ID: p.ID, DateTime: p.At.UTC().Format(time.RFC3339), When: bots.MountOf(r).City.In(p.At).Format(b.text(r, "date-format")),
		Text: text, Rest: rest, More: b.text(r, "list-whole"),
	}
}
