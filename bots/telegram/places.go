package telegram

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
)

var _ places.Network = (*Bot)(nil)

// UsePlaces implements places.Network.
func (b *Bot) UsePlaces(lists places.Lists) { b.places = lists }

// Places implements places.Network. Telegram lists no chats: the bot knows them from the updates about its membership, and asks for the title of each and for its own rights
// there. Two calls for each chat, one after the other, are far below Telegram's limits.
func (b *Bot) Places(ctx context.Context, city string) ([]places.Place, error) {
	row, c, err := b.account(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return nil, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return nil, err
	}
	if rest := b.resumePause(row); rest > 0 {
		return nil, kit.ErrorsForAdmins(bots.RetryAfter(rest, "error-too-many", errors.New("Telegram has asked for a pause")))
	}
	if row, err = b.updateProfile(ctx, row, c); err != nil { // with the privacy mode
		return nil, kit.ErrorsForAdmins(err)
	}
	groups, err := b.store.listGroups(ctx, city)
	if err != nil {
		return nil, err
	}
	var found []places.Place
	for _, v := range groups {
		place, there, err := b.place(ctx, row, c, v)
		if err != nil {
			return nil, kit.ErrorsForAdmins(err)
		}
		if there {
			found = append(found, place)
		}
	}
	return found, nil
}

// Chosen implements places.Network: the groups and channels that an admin of the city has confirmed.
func (b *Bot) Chosen(ctx context.Context, city string) (ids []string, err error) {
	groups, err := b.store.listGroups(ctx, city)
	for _, v := range groups {
		if !v.Active {
			continue
		}
		chat, err := b.store.openChat(city, v.ChatHash, v.Chat)
		if err != nil {
			return nil, err
		}
		ids = append(ids, placeID(chat))
	}
	return ids, err
}

func placeID(chat int64) string { return strconv.FormatInt(chat, 10) }

// place asks for a group or channel; there is false if the bot is not in it any more.
func (b *Bot) place(ctx context.Context, row Account, c *client, v Subscriber) (p places.Place, there bool, err error) {
	chat, err := b.store.openChat(v.City, v.ChatHash, v.Chat)
	if err != nil {
		return p, false, err
	}
	info, me, err := c.ownPlace(ctx, chat, row.BotID)
	if to := migratedTo(err); to != 0 {
		if err := b.store.migrateGroup(ctx, v.City, chat, to); err != nil {
			return p, false, err
		}
		chat = to
		info, me, err = c.ownPlace(ctx, chat, row.BotID)
	}
	switch {
	case isRejected(err): // deleted, or the bot was removed
		return p, false, nil
	case err != nil:
		return p, false, botError("read chat", err)
	case me.Type == models.ChatMemberTypeLeft || me.Type == models.ChatMemberTypeBanned || me.Restricted != nil && !me.Restricted.IsMember:
		return p, false, nil
	}
	p = places.Place{ID: placeID(chat), Kind: places.Group, Name: info.Title, Rights: rightsOf(row, info, me)}
	if info.Type == models.ChatTypeChannel {
		p.Kind = places.Channel
	}
	p.Note = placeNote(p)
	if info.Title != b.store.title(v) {
		err = b.store.rename(ctx, v.City, chat, info.Title)
	}
	return p, true, err
}

// rightsOf are the bot's rights in a chat (https://core.telegram.org/bots/api#chatmember). Admins of a group may always write, and see all messages.
func rightsOf(row Account, info *models.ChatFullInfo, me *models.ChatMember) (rights []places.Right) {
	add := func(right places.Right, has bool) {
		if has {
			rights = append(rights, right)
		}
	}
	if a := me.Administrator; a != nil {
		add(places.Read, true)
		add(places.Write, info.Type != models.ChatTypeChannel || a.CanPostMessages)
		add(places.Delete, a.CanDeleteMessages)
		add(places.Manage, a.CanChangeInfo)
		return rights
	}
	add(places.Read, row.ReadsAll && info.Type != models.ChatTypeChannel)
	switch {
	case info.Type == models.ChatTypeChannel:
	case me.Restricted != nil:
		add(places.Write, me.Restricted.CanSendMessages)
	default:
		add(places.Write, info.Permissions == nil || info.Permissions.CanSendMessages)
	}
	return rights
}

// placeNote is the id of the text about what the bot cannot do in a place.
func placeNote(p places.Place) string {
	has := map[places.Right]bool{}
	for _, right := range p.Rights {
		has[right] = true
	}
	switch {
	case !has[places.Write]:
		return "place-silent"
	case !has[places.Read] && p.Kind == places.Group:
		return "place-mentions"
	}
	return ""
}

// ownPlace returns a chat (https://core.telegram.org/bots/api#getchat), and the bot as its member (https://core.telegram.org/bots/api#getchatmember).
func (c *client) ownPlace(ctx context.Context, chat, me int64) (*models.ChatFullInfo, *models.ChatMember, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	info, err := c.GetChat(ctx, &tg.GetChatParams{ChatID: chat})
	if err != nil {
		return nil, nil, err
	}
	if info == nil || info.ID != chat {
		return nil, nil, &errNotJSON{http.StatusOK} // JSON, but not Telegram's
	}
	member, err := c.GetChatMember(ctx, &tg.GetChatMemberParams{ChatID: chat, UserID: me})
	return info, member, err
}
