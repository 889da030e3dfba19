package mastodontest

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Status is a post, or a boost of one.
type Status struct {
	ID         string
	Acct       string // of its author
	Text       string // as it was typed
	Spoiler    string
	Visibility string
	Language   string
	Boosts     string // the id of the status that this one boosts
	Original   *Status

	account  *Account
	content  string
	mentions []*Account
	at       time.Time
}

var (
	// mention follows MENTION_RE of Mastodon's app/models/account.rb.
	mention = regexp.MustCompile(`(?i)(^|[^/\pL\pN_])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?(?:@[a-z0-9.-]+[a-z0-9]+)?)`)
	address = regexp.MustCompile(`https?://[^\s<>"]+\.[^\s<>"]+`)
)

// status finds a status. s.mu is held.
func (s *Server) status(id string) *Status {
	for _, found := range s.statuses {
		if found.ID == id {
			return found
		}
	}
	return nil
}

// publish stores a status and tells those whom it mentions. s.mu is held.
func (s *Server) publish(made *Status) *Status {
	made.ID, made.Acct, made.at = s.id(), made.account.Acct, time.Now()
	if made.content == "" {
		made.content = s.format(made)
	}
	s.statuses = append(s.statuses, made)
	for _, m := range made.mentions {
		s.notify(m, "mention", made)
	}
	return made
}

// format turns a text into HTML as Mastodon's app/lib/text_formatter.rb does, and finds whom it mentions.
func (s *Server) format(made *Status) string {
	var lines []string
	for _, paragraph := range strings.Split(made.Text, "\n\n") {
		line := html.EscapeString(paragraph)
		line = address.ReplaceAllStringFunc(line, link)
		line = mention.ReplaceAllStringFunc(line, func(found string) string {
			before, name, _ := strings.Cut(found, "@")
			who := s.known(name)
			if who == nil {
				return found
			}
			if !slices.Contains(made.mentions, who) {
				made.mentions = append(made.mentions, who)
			}
			return before + `<span class="h-card" translate="no"><a href="` + s.profile(who) + `" class="u-url mention">@<span>` +
				who.username() + `</span></a></span>`
		})
		lines = append(lines, "<p>"+strings.ReplaceAll(line, "\n", "<br />")+"</p>")
	}
	return strings.Join(lines, "")
}

func (s *Server) known(acct string) *Account {
	acct = strings.TrimSuffix(acct, "@"+Domain)
	for _, a := range s.accounts {
		if strings.EqualFold(a.Acct, acct) {
			return a
		}
	}
	return nil
}

// link shortens an address to 30 characters behind its scheme, as Mastodon shows it.
func link(full string) string {
	_, shown, _ := strings.Cut(full, "://")
	scheme := strings.TrimSuffix(full, shown)
	class, rest := "", ""
	if len(shown) > 30 {
		class, shown, rest = "ellipsis", shown[:30], shown[30:]
	}
	return `<a href="` + full + `" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">` + scheme +
		`</span><span class="` + class + `">` + shown + `</span><span class="invisible">` + rest + `</span></a>`
}

// length counts as Mastodon's app/validators/status_length_validator.rb does.
func (s *Server) length(text string) int {
	count := utf8.RuneCountInString(text)
	for _, found := range address.FindAllString(text, -1) {
		if s.PerURL > 0 {
			count += s.PerURL - utf8.RuneCountInString(found)
		}
	}
	for _, found := range mention.FindAllStringSubmatch(text, -1) {
		_, host, remote := strings.Cut(found[2], "@")
		if remote {
			count -= utf8.RuneCountInString(host) + 1
		}
	}
	return count
}

// statusJSON follows https://docs.joinmastodon.org/entities/Status/. s.mu is held.
func (s *Server) statusJSON(st *Status, viewer *Account) map[string]any {
	mentions := []any{}
	for _, m := range st.mentions {
		mentions = append(mentions, map[string]any{"id": m.ID, "username": m.username(), "acct": m.Acct, "url": s.profile(m)})
	}
	answer := map[string]any{
		"id": st.ID, "created_at": stamp(st.at), "edited_at": nil, "content": st.content, "spoiler_text": st.Spoiler, "visibility": st.Visibility,
		"url": s.profile(st.account) + "/" + st.ID, "uri": s.profile(st.account) + "/statuses/" + st.ID, "account": s.accountJSON(st.account),
		"mentions": mentions, "reblog": nil, "sensitive": st.Spoiler != "", "language": nil, "media_attachments": []any{},
		"in_reply_to_id": nil, "in_reply_to_account_id": nil, "reblogged": s.boostOf(viewer, st.ID) != nil,
	}
	if st.Original != nil {
		answer["reblog"] = s.statusJSON(st.Original, viewer)
		answer["url"] = s.profile(st.account) + "/statuses/" + st.ID + "/activity"
	}
	return answer
}

func (s *Server) boostOf(who *Account, id string) *Status {
	for _, st := range s.statuses {
		if st.account == who && st.Boosts == id {
			return st
		}
	}
	return nil
}

// postStatus follows https://docs.joinmastodon.org/methods/statuses/#create. Keys are remembered for good, not for an hour.
func (s *Server) postStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, "status", "visibility", "spoiler_text", "sensitive", "language", "in_reply_to_id")
	visibility := r.PostFormValue("visibility")
	if !slices.Contains([]string{"", "public", "unlisted", "private", "direct"}, visibility) {
		s.complain("visibility %q", visibility)
		fail(w, http.StatusUnprocessableEntity, "Validation failed: Visibility is not included in the list")
		return
	}
	text := strings.TrimSpace(r.PostFormValue("status"))
	if text == "" {
		fail(w, http.StatusUnprocessableEntity, "Validation failed: Text can't be blank")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	if id, ok := s.once[me.ID+" "+key]; ok && key != "" {
		write(w, http.StatusOK, s.statusJSON(s.status(id), me))
		return
	}
	if s.length(text)+utf8.RuneCountInString(r.PostFormValue("spoiler_text")) > s.MaxCharacters {
		fail(w, http.StatusUnprocessableEntity, "Validation failed: Text character limit exceeded")
		return
	}
	made := s.publish(&Status{
		account: me, Text: text, Spoiler: r.PostFormValue("spoiler_text"), Visibility: visibility, Language: r.PostFormValue("language"),
	})
	if key != "" {
		s.once[me.ID+" "+key] = made.ID
	}
	write(w, http.StatusOK, s.statusJSON(made, me))
}

// visible says whether who may see the status. s.mu is held.
func visible(st *Status, who *Account) bool {
	return st != nil && (st.Visibility == "public" || st.Visibility == "unlisted" || st.account == who || slices.Contains(st.mentions, who))
}

// getStatus follows https://docs.joinmastodon.org/methods/statuses/#get.
func (s *Server) getStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	if !visible(st, me) {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	write(w, http.StatusOK, s.statusJSON(st, me))
}

// deleteStatus follows https://docs.joinmastodon.org/methods/statuses/#delete.
func (s *Server) deleteStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	if st == nil || st.account != me {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	answer := s.statusJSON(st, me)
	s.remove(st)
	write(w, http.StatusOK, answer)
}

func (s *Server) remove(st *Status) {
	s.statuses = slices.DeleteFunc(s.statuses, func(other *Status) bool { return other == st || other.Boosts == st.ID })
	s.notes = slices.DeleteFunc(s.notes, func(n *notification) bool { return n.status == st })
}

// reblog follows https://docs.joinmastodon.org/methods/statuses/#boost and app/services/reblog_service.rb: a second boost
// is answered with the first, and a private status of somebody else's must not be boosted.
func (s *Server) reblog(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, "visibility")
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	switch {
	case !visible(st, me):
		fail(w, http.StatusNotFound, "Record not found")
		return
	case st.Visibility == "direct" || st.Visibility == "private" && st.account != me:
		s.complaints = append(s.complaints, "boost of a private status")
		fail(w, http.StatusForbidden, "This action is not allowed")
		return
	}
	boost := s.boostOf(me, st.ID)
	if boost == nil {
		boost = &Status{ID: s.id(), Acct: me.Acct, account: me, Visibility: "public", Boosts: st.ID, Original: st, at: time.Now()}
		s.statuses = append(s.statuses, boost)
	}
	write(w, http.StatusOK, s.statusJSON(boost, me))
}

// unreblog follows https://docs.joinmastodon.org/methods/statuses/#unreblog.
func (s *Server) unreblog(w http.ResponseWriter, r *http.Request, me *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	if !visible(st, me) {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	if boost := s.boostOf(me, st.ID); boost != nil {
		s.remove(boost)
	}
	write(w, http.StatusOK, s.statusJSON(st, me))
}
