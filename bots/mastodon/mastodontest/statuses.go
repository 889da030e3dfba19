package mastodontest

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"linienfunk/bots/bottest/fake"
)

// Status is a post, or a boost of one.
type Status struct {
	ID         string
	Acct       string // of its author
	Text       string // as it was typed
	Spoiler    string
	Visibility string
	Language   string
	InReplyTo  string
	Boosts     string // the id of the status that this one boosts
	Original   *Status

	// BoostableBy is whose boosts are approved at once on GoToSocial, instead of everybody's; see
	// https://docs.gotosocial.org/en/latest/federation/interaction_policy/. Pending is set for a boost that its author has to approve: others do not see it.
	BoostableBy []string
	Pending     bool

	account  *Account
	content  string
	mentions []*Account
	at       time.Time
	edited   time.Time
}

// once is the result of a request with an Idempotency-Key.
type once struct {
	status string
	at     time.Time
}

var (
	// mention follows MENTION_RE of Mastodon's app/models/account.rb.
	mention = regexp.MustCompile(`(?i)(^|[^/\pL\pN_])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?(?:@[a-z0-9.-]+[a-z0-9]+)?)`)
	hashtag = regexp.MustCompile(`(^|\s)#([\pL\pN_]+)`)
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

// publish stores a status and notifies the accounts that it mentions. s.mu is held.
func (s *Server) publish(made *Status) *Status {
	made.ID, made.Acct, made.at = s.statusID(), made.account.Acct, s.Now()
	if made.content == "" {
		made.content = s.format(made)
	}
	s.statuses = append(s.statuses, made)
	for _, m := range made.mentions {
		s.notify(m, "mention", made)
	}
	return made
}

// format turns a text into HTML as Mastodon's app/lib/text_formatter.rb does, and finds the accounts that it mentions.
func (s *Server) format(made *Status) string {
	var lines []string
	for _, paragraph := range strings.Split(made.Text, "\n\n") {
		line := html.EscapeString(paragraph)
		line = address.ReplaceAllStringFunc(line, link)
		line = hashtag.ReplaceAllString(line, `$1<a href="`+s.URL+`/tags/$2" class="mention hashtag" rel="tag">#<span>$2</span></a>`)
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
	if s.Dialect != Mastodon { // len([]rune(form.Status)) in internal/api/client/statuses/statuscreate.go of GoToSocial
		return count
	}
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
		"mentions": mentions, "reblog": nil, "sensitive": st.Spoiler != "", "language": orNull(st.Language), "media_attachments": []any{},
		"in_reply_to_id": orNull(st.InReplyTo), "in_reply_to_account_id": nil, "reblogged": s.boostOf(viewer, st.ID) != nil,
	}
	if to := s.status(st.InReplyTo); to != nil {
		answer["in_reply_to_account_id"] = to.account.ID
	}
	if !st.edited.IsZero() {
		answer["edited_at"] = stamp(st.edited)
	}
	if s.Dialect == GoToSocial && st.Original == nil {
		answer["interaction_policy"] = map[string]any{"can_reblog": map[string]any{"automatic_approval": st.boostableBy(), "manual_approval": []string{}}}
	}
	if st.Original != nil {
		answer["reblog"] = s.statusJSON(st.Original, viewer)
		answer["url"] = s.profile(st.account) + "/statuses/" + st.ID + "/activity"
	}
	return answer
}

func (st *Status) boostableBy() []string {
	if st.BoostableBy == nil {
		return []string{"public", "me"}
	}
	return st.BoostableBy
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// postStatus follows https://docs.joinmastodon.org/methods/statuses/#create. Keys are remembered for an hour.
func (s *Server) postStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, append([]string{"status", "visibility", "spoiler_text", "sensitive", "language", "in_reply_to_id"}, s.moreParameters()...)...)
	s.mu.Lock()
	key := s.key(r)
	before, again := s.once[me.ID+" "+key]
	replayed := s.refused[key]
	again = again && key != "" && s.Now().Sub(before.at) < time.Hour
	s.mu.Unlock()
	if replayed != 0 && key != "" {
		fail(w, replayed, "Throttled")
		return
	}
	if again {
		s.mu.Lock()
		defer s.mu.Unlock()
		fake.WriteJSON(w, http.StatusOK, s.statusJSON(s.status(before.status), me))
		return
	}
	if status, why := s.refuse(r); status != 0 {
		fail(w, status, why)
		return
	}
	if s.BeforePost != nil {
		if s.BeforePost(r.Context()); r.Context().Err() != nil {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.publish(&Status{
		account: me, Text: strings.TrimSpace(r.PostFormValue("status")), Spoiler: r.PostFormValue("spoiler_text"), Visibility: r.PostFormValue("visibility"),
		Language: r.PostFormValue("language"), InReplyTo: r.PostFormValue("in_reply_to_id"),
	})
	if key != "" {
		s.once[me.ID+" "+key] = once{made.ID, s.Now()}
	}
	if s.AfterPost != nil {
		s.AfterPost(r.Context())
	}
	fake.WriteJSON(w, http.StatusOK, s.statusJSON(made, me))
}

// refuse says what is wrong with a new status, if anything.
// editStatus follows https://docs.joinmastodon.org/methods/statuses/#edit. Visibility is not a parameter.
func (s *Server) editStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, append([]string{"status", "spoiler_text", "sensitive", "language"}, s.moreParameters()...)...)
	if status, why := s.refuse(r); status != 0 {
		fail(w, status, why)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.status(r.PathValue("id"))
	if found == nil || found.account != me || found.Original != nil {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	found.Text, found.Spoiler, found.edited = r.PostFormValue("status"), r.PostFormValue("spoiler_text"), s.Now()
	found.content = s.format(found)
	fake.WriteJSON(w, http.StatusOK, s.statusJSON(found, me))
}

func (s *Server) refuse(r *http.Request) (status int, why string) {
	text, language := strings.TrimSpace(r.PostFormValue("status")), r.PostFormValue("language")
	switch {
	case !slices.Contains([]string{"", "public", "unlisted", "private", "direct"}, r.PostFormValue("visibility")):
		s.Complain("visibility %q", r.PostFormValue("visibility"))
		return http.StatusUnprocessableEntity, "Validation failed: Visibility is not included in the list"
	case s.Dialect == Pixelfed && r.PostFormValue("in_reply_to_id") == "": // statusCreate in ApiV1Controller.php
		return http.StatusForbidden, "Empty statuses are not allowed"
	case text == "":
		return http.StatusUnprocessableEntity, "Validation failed: Text can't be blank"
	case s.Dialect == GoToSocial && language != "" && !regexp.MustCompile("^[a-z]{2,3}$").MatchString(language):
		return http.StatusBadRequest, "language is invalid" // validateNormalizeCreateStatus
	case s.markup() && r.PostFormValue("content_type") != "text/plain":
		s.Complain("the text may be taken for Markdown")
	case s.length(text)+utf8.RuneCountInString(r.PostFormValue("spoiler_text")) > s.MaxCharacters:
		return http.StatusUnprocessableEntity, "Validation failed: Text character limit exceeded"
	}
	return 0, ""
}

// markup reports whether accounts can set that their posts are Markdown.
func (s *Server) markup() bool { return s.Dialect == GoToSocial || s.Dialect == Akkoma }

func (s *Server) moreParameters() []string {
	if s.markup() {
		return []string{"content_type"}
	}
	return nil
}

// visible reports whether an account may see the status. s.mu is held.
func visible(st *Status, who *Account) bool {
	return st != nil && !(st.account != who && st.account.cutOff()) && (st.Visibility == "public" || st.Visibility == "unlisted" || st.account == who || slices.Contains(st.mentions, who))
}

// onVisible responds with the status of a path after calling f, or that it does not exist where the account may not see it.
func (s *Server) onVisible(w http.ResponseWriter, r *http.Request, me *Account, f func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	if !visible(st, me) {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	f(st)
	fake.WriteJSON(w, http.StatusOK, s.statusJSON(st, me))
}

// getStatus follows https://docs.joinmastodon.org/methods/statuses/#get.
func (s *Server) getStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.onVisible(w, r, me, func(*Status) {})
}

// deleteStatus follows https://docs.joinmastodon.org/methods/statuses/#delete. Akkoma deletes no boosts (delete in
// lib/pleroma/web/common_api.ex).
func (s *Server) deleteStatus(w http.ResponseWriter, r *http.Request, me *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	if st == nil || st.account != me || s.Dialect == Akkoma && st.Boosts != "" {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	answer := s.statusJSON(st, me)
	s.remove(st)
	fake.WriteJSON(w, http.StatusOK, answer)
}

func (s *Server) remove(st *Status) {
	s.statuses = slices.DeleteFunc(s.statuses, func(other *Status) bool { return other == st || other.Boosts == st.ID })
	s.notes = slices.DeleteFunc(s.notes, func(n *notification) bool { return n.status == st })
}
