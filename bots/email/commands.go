package email

import (
	"context"
	"slices"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/internal/limits"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
)

// newUnproven limits the answers to authors of whom nobody knows whether they have written.
func newUnproven(group *limits.Group) (person, city *limits.Limiter) {
	return group.New("email.unproven", limits.Rate{Burst: 3, Every: 20 * time.Minute}), group.New("email.unproven.city", limits.Rate{Burst: 20, Every: time.Minute})
}

// commandLine returns the line of a mail that may be a command: the first one with a slash, or else the first one.
func commandLine(words string) string {
	lines := strings.Split(words, "\n")
	for _, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "/") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(lines[0])
}

// command carries out the command in a mail, and answers it. It returns false for a mail without one, which may be a report.
//
// The author has written it if the domain has signed the mail or sent it, or if the mail answers one that only they have got: then its commands are carried out, those that are in
// that mail, or about a report in it.
func (b *Bot) command(ctx context.Context, name string, m *inbound.Mail, d draft) (bool, error) {
	line := commandLine(m.Report())
	if line == "" || m.EnvelopeFrom == "" {
		return false, nil
	}
	row, notice, answers, err := b.answered(ctx, name, m)
	if err != nil {
		return false, err
	}
	if why, err := b.automatic(ctx, m); why != "" || err != nil {
		return false, err
	}
	author, err := text.ParseAddress(m.Author(m.EnvelopeFrom))
	if err != nil {
		return false, nil
	}
	if strings.HasPrefix(line, "/") || answers {
		if limit := m.ExceededLimit(ctx, name, d.author, d.ID); limit != "" {
			return false, errFlood
		}
	}
	message := chat.Message{City: name, Person: author, ID: d.ID, Text: line, Forged: !b.proven(ctx, m)}
	late := answers && !b.core.Now().Before(row.Expires)
	if answers && !late {
		message.Reports = notice.reports()
		for _, one := range notice.Buttons {
			if strings.EqualFold(strings.TrimPrefix(one.Command, "/"), strings.TrimPrefix(line, "/")) { // as the mail says what to answer
				message.Forged, message.Text = false, one.Command
			}
		}
	}
	a, isCommand, err := b.commands.Run(ctx, message)
	if err != nil || !isCommand {
		return false, err
	}
	if message.Forged && !answers && !(b.unproven.Allow(author) && b.unprovenCity.Allow(name)) {
		b.core.Log.Info("a command is not answered: too many that may be forged", "city", name)
		return true, nil
	}
	if a.Refused && message.Forged {
		if late {
			a.Text += "\n\n" + b.core.Pages.Text(b.langOf(ctx, name), "mail-late")
		}
		a.Buttons = append(a.Buttons, chat.Button{Label: b.core.Pages.Text(b.langOf(ctx, name), "mail-was-me", "Command", line), Command: line})
	}
	return true, b.sendAnswer(ctx, name, author, "answer "+d.ID, m.ID, a)
}

func (b *Bot) langOf(ctx context.Context, name string) string {
	city, _, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return "en"
	}
	return city.Lang
}

// sendAnswer queues a mail with what a command says. key identifies the mail; answered is the Message-ID of the one that it answers, or empty.
func (b *Bot) sendAnswer(ctx context.Context, name, address, key, answered string, a chat.Answer) error {
	city, _, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return err
	}
	from, err := b.senderOf(ctx, name)
	if err != nil {
		return err
	}
	token, lang := b.noticeToken(name, address, key), city.Lang
	life := answerTime
	if slices.ContainsFunc(a.Buttons, func(one chat.Button) bool { return one.Report != "" }) {
		life = city.Freshness // what is not fresh cannot be released
	}
	if err := b.store.addNotice(ctx, name, token, noticeContent{address, a.Text, a.Buttons}, b.core.Now().Add(life)); err != nil {
		return err
	}
	title := oneLine(city.Title, maxSubject)
	subject := a.Text
	if a.Refused {
		subject = b.core.Pages.Text(lang, "mail-refused", "Why", subject)
	}
	body := a.Text + "\n"
	for i, one := range a.Buttons {
		body += "\n" + one.Label + ":\n" + b.actLink(name, token, i) + "\n"
	}
	if len(a.Buttons) > 0 {
		body += "\n" + b.core.Pages.Text(lang, "mail-answer", "Command", strings.TrimPrefix(a.Buttons[0].Command, "/")) + "\n"
	}
	return b.mail.Queue.Enqueue(ctx, mail.Message{
		Key: "email " + token, Ref: token, From: from.from, Route: from.route, FromName: title, To: address, InReplyTo: strings.Trim(answered, "<> "),
		Subject: "[" + title + "] " + oneLine(subject, maxSubject),
		Text:    body + "\n-- \n" + b.core.Pages.Text(lang, "mail-chat-footer", "City", title, "Page", b.core.BaseURL+"/city/"+name) + "\n",
		Header:  map[string]string{headerLoop: b.address(name)},
		Expires: b.core.Now().Add(answerTime),
	})
}

// answerTime is how long an answer is tried, and a notice, and how long its links work, if they are not about a report.
const answerTime = 24 * time.Hour

// isProven reports whether the author's domain has signed the mail, or sent it.
func isProven(ctx context.Context, m *inbound.Mail) bool { return m.Verdict(ctx).Proven }

// runs reports whether somebody runs a city by mail: it takes commands while it is paused.
func (b *Bot) runs(ctx context.Context, city string) (bool, error) {
	cities, err := b.commands.Cities(ctx)
	return cities[city], err
}

var _ bots.Pruner = (*Bot)(nil)
