package email

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
)

// choiceForm is the data of choice.html: which reports a subscriber wants.
type choiceForm struct {
	Lines, Stops, Hours string
	Days                []choiceDay
	All                 bool // reports without a place, too
}

type choiceDay struct {
	Value   int // time.Weekday
	Name    string
	Checked bool
}

func (b *Bot) choiceForm(mount bots.Mount, i chat.Interest) choiceForm {
	form := choiceForm{All: !i.Placed}
	form.Lines, form.Stops, form.Hours = i.Form()
	names := strings.Fields(b.core.Pages.Text(mount.Lang, "weekdays"))
	for n := range 7 {
		day := time.Weekday((n + 1) % 7) // Monday first
		form.Days = append(form.Days, choiceDay{int(day), names[n], slices.Contains(i.Days, day)})
	}
	return form
}

// errDay is returned for a form that is not ours.
var errDay = errors.New("not a weekday")

// readChoice reads the fields of choice.html. A form without them, as of an older page, wants everything.
func (b *Bot) readChoice(r *http.Request) (chat.Interest, error) {
	i, err := chat.ParseInterest(bots.MountOf(r).City, r.PostFormValue("lines"), r.PostFormValue("stops"), r.PostFormValue("hours"))
	if err != nil {
		return i, err
	}
	for _, value := range r.PostForm["day"] {
		day, err := strconv.Atoi(value)
		if err != nil || day < 0 || day > 6 {
			return i, errDay
		}
		if !slices.Contains(i.Days, time.Weekday(day)) {
			i.Days = append(i.Days, time.Weekday(day))
		}
	}
	if len(i.Days) == 7 {
		i.Days = nil
	}
	i.Placed = r.PostForm.Has("choice") && !r.PostForm.Has("all") // an unchecked box is not in the form
	return i, nil
}

// explainChoice says what is wrong with the fields, and what would be right.
func (b *Bot) explainChoice(r *http.Request, err error) string {
	var unknown *chat.UnknownError
	if !errors.As(err, &unknown) {
		return b.text(r, "choice-many", "Max", chat.MaxInterest)
	}
	var said []string
	for _, one := range []struct {
		id    string
		names []string
	}{{"choice-lines-unknown", unknown.Lines}, {"choice-stops-unknown", unknown.Stops}, {"choice-hours-unknown", unknown.Hours}} {
		if len(one.names) > 0 {
			said = append(said, b.text(r, one.id, "Names", strings.Join(one.names, ", ")))
		}
	}
	return strings.Join(said, " ")
}

// chooser returns the subscriber that a valid token of a link names. Otherwise it writes the answer and returns false.
func (b *Bot) chooser(w http.ResponseWriter, r *http.Request) (Subscriber, bool) {
	city := bots.MountOf(r).City.Name
	person, ok := b.readChoose(city, r.FormValue("t"))
	if !ok {
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
		return Subscriber{}, false
	}
	s, found, err := b.store.find(r.Context(), city, person)
	if err != nil {
		b.core.Log.Error("subscriber not found", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return s, false
	}
	if !found {
		b.showLinkFailed(w, r, http.StatusGone, "link-gone")
	}
	return s, found
}

func (b *Bot) showChoose(w http.ResponseWriter, r *http.Request) {
	s, ok := b.chooser(w, r)
	if !ok {
		return
	}
	wants, err := b.store.interest(s)
	if err != nil {
		b.core.Log.Error("what a subscriber wants cannot be decrypted", "city", s.City, "err", err)
	}
	b.choosePage(w, r, http.StatusOK, b.choiceForm(bots.MountOf(r), wants), "")
}

func (b *Bot) choosePage(w http.ResponseWriter, r *http.Request, status int, form choiceForm, mistake string) {
	mount := bots.MountOf(r)
	noStore(w)
	b.core.Pages.Page(w, r, status, b.text(r, "choose-title"), "choose.html", map[string]any{
		"Action": mount.Path + "/choose", "Token": r.FormValue("t"), "City": mount.City.Title, "Choice": form, "Mistake": mistake,
	})
}

// choose saves which reports a subscriber wants. What was typed stays in the form if something is wrong.
func (b *Bot) choose(w http.ResponseWriter, r *http.Request) {
	s, ok := b.chooser(w, r)
	if !ok {
		return
	}
	wants, err := b.readChoice(r)
	if err != nil {
		form := b.choiceForm(bots.MountOf(r), wants)
		form.Lines, form.Stops, form.Hours = r.PostFormValue("lines"), r.PostFormValue("stops"), r.PostFormValue("hours")
		form.All = r.PostForm.Has("all")
		for i, day := range form.Days {
			form.Days[i].Checked = slices.Contains(r.PostForm["day"], strconv.Itoa(day.Value))
		}
		b.choosePage(w, r, http.StatusUnprocessableEntity, form, b.explainChoice(r, err))
		return
	}
	switch found, err := b.store.setInterest(r.Context(), s.City, s.Person, wants); {
	case err != nil:
		b.core.Log.Error("choice not saved", "city", s.City, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case !found:
		b.showLinkFailed(w, r, http.StatusGone, "link-gone")
	default:
		b.core.Pages.Done(w, r, b.text(r, "choose-done"))
	}
}
