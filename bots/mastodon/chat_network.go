package mastodon

import (
	"context"
	"errors"
	"regexp"
	"strings"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
)

var _ chat.Network = (*bot)(nil)

// UseCommands implements chat.Network.
func (b *bot) UseCommands(c chat.Commands) { b.commands, b.Rows.Chats = c, c.Cities }

// personForm is how people are named in package chat: user@host, as in their full address.
var personForm = regexp.MustCompile(`^[\pL\pN_.-]+@[\pL\pN.:-]+$`)

// Tell implements chat.Network: a direct message waits in the outbox until the account is read.
func (b *bot) Tell(ctx context.Context, city, person, key string, a chat.Answer) error {
	if !personForm.MatchString(person) {
		return bots.Permanent("not-a-person", errors.New("not user@host"))
	}
	if _, _, err := b.Rows.Load(ctx, city); errors.Is(err, kit.ErrNoAccount) {
		return bots.Permanent("error-no-account", err)
	} else if err != nil {
		return err
	}
	if err := b.queueDirect(ctx, city, person, "", "told "+key, a); err != nil {
		return err
	}
	return b.Core.Events.Publish(city, nil)
}

// Interest implements chat.Network: people follow the account.
func (b *bot) Interest(context.Context, string, string) (chat.Interest, bool, error) {
	return chat.Interest{}, false, errors.ErrUnsupported
}

// SetInterest implements chat.Network.
func (b *bot) SetInterest(context.Context, string, string, chat.Interest) (bool, error) {
	return false, errors.ErrUnsupported
}

// Unsubscribe implements chat.Network.
func (b *bot) Unsubscribe(context.Context, string, string) error { return errors.ErrUnsupported }

// command carries out the command in a direct message, and queues the answer. It returns false if there is none in it. What others can read is no command: a post for followers, and one to
// several people.
func (r *reader) command(ctx context.Context, s *masto.Status, text string) (bool, error) {
	if s.Visibility != masto.VisibilityDirectMessage {
		return false, nil
	}
	person := strings.ToLower(fullName(r.account, s.Account.Acct))
	for _, m := range s.Mentions {
		if string(m.ID) != r.account.AccountID && m.ID != s.Account.ID {
			return false, nil
		}
	}
	m := chat.Message{City: r.account.City, Person: person, ID: remoteID(r.account.Instance, s.ID), Text: text}
	if to, ok := s.InReplyToID.(string); ok {
		about, err := r.bot.store.reportsOf(ctx, r.account.City, to)
		if err != nil {
			return false, err
		}
		m.Reports = about
	}
	a, isCommand, err := r.bot.commands.Run(ctx, m)
	if err != nil || !isCommand {
		return false, err
	}
	if err := r.bot.queueDirect(ctx, m.City, person, string(s.ID), "answer "+m.ID, a); err != nil {
		return false, err
	}
	if a.Linked {
		r.bot.forgetRuns()
		err = r.listen()
	}
	select {
	case r.outbox.wake <- struct{}{}:
	default:
	}
	return true, err
}

// fullName is an account's name with its host, as the instance of the city's account shows it.
func fullName(a Account, acct string) string {
	if strings.Contains(acct, "@") {
		return acct
	}
	return acct + "@" + a.Domain // of the same instance
}
