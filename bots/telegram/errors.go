package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"

	"linienfunk/bots"
)

// defaultRetryAfter is for a 429 without retry_after.
const defaultRetryAfter = 30 * time.Second

// retryAfter returns the pause that a 429 asks for, or 0 if err is something else.
func retryAfter(err error) time.Duration {
	var tooMany *tg.TooManyRequestsError
	if !errors.As(err, &tooMany) {
		return 0
	}
	if tooMany.RetryAfter <= 0 {
		return defaultRetryAfter
	}
	return time.Duration(tooMany.RetryAfter) * time.Second
}

// botError turns the error of a call into a bots.Error. It drops Telegram's description, which may repeat what we sent.
func botError(action string, err error) error {
	var notJSON *errNotJSON
	var status *errStatus
	because := func(reason string) error { return fmt.Errorf("%s: Telegram responded: %s", action, reason) }
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return bots.Retry("error-unreachable", fmt.Errorf("%s: %w", action, innermost(err)))
	case retryAfter(err) > 0:
		return bots.RetryAfter(retryAfter(err), "error-too-many", because("too many requests"))
	case errors.Is(err, tg.ErrorUnauthorized), errors.Is(err, tg.ErrorNotFound):
		return bots.Revoked("error-revoked", because("unknown token"))
	case errors.Is(err, tg.ErrorConflict):
		return bots.Retry("error-conflict", because("another program reads this bot's updates"))
	case errors.As(err, &status):
		return bots.Retry("error-server", fmt.Errorf("%s: %w", action, status))
	case errors.As(err, &notJSON):
		return bots.Retry("error-not-json", fmt.Errorf("%s: %w", action, notJSON))
	case isSyntax(err):
		return bots.Retry("error-not-json", fmt.Errorf("%s: the response is truncated or not JSON", action))
	case errors.Is(err, tg.ErrorForbidden):
		return bots.Permanent("error-refused", because("forbidden"))
	case errors.Is(err, tg.ErrorBadRequest):
		return bots.Permanent("error-refused", because("bad request"))
	}
	return bots.Retry("error-unreachable", fmt.Errorf("%s: %w", action, innermost(err)))
}

// innermost strips what the library wraps around an error, which may contain Telegram's response.
func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}

// isRejected reports whether Telegram rejects this chat or this message, as opposed to the bot or the moment.
func isRejected(err error) bool {
	return errors.Is(err, tg.ErrorForbidden) || errors.Is(err, tg.ErrorBadRequest)
}

// isGone reports whether a chat will never accept a message again: the user blocked the bot or was deleted, or the bot was removed.
// Telegram does not document its descriptions; these are long-standing (https://github.com/TelegramBotAPI/errors).
func isGone(err error) bool {
	if !isRejected(err) {
		return false
	}
	description := strings.ToLower(err.Error())
	if errors.Is(err, tg.ErrorForbidden) {
		// Telegram sometimes calls a group deleted that became a supergroup; an update brings its new id
		// (https://github.com/yagop/node-telegram-bot-api/issues/1155). CHAT_WRITE_FORBIDDEN and the like mean missing
		// rights, which a group's admins can grant.
		return !strings.Contains(description, "group chat was deleted") && !strings.Contains(description, "_forbidden")
	}
	for _, phrase := range []string{"chat not found", "user not found", "peer_id_invalid", "group chat was deactivated", "user is deactivated"} {
		if strings.Contains(description, phrase) {
			return true
		}
	}
	return false
}

// groupTrouble returns the id of the text that tells a city's admins why a group accepted no message. Messages without a topic
// go to a forum's general topic (https://core.telegram.org/bots/api#sendmessage), which its admins can close.
func groupTrouble(err error) string {
	if strings.Contains(strings.ToLower(err.Error()), "topic_closed") {
		return "trouble-topic"
	}
	return "trouble-refused"
}

// migratedTo returns the id of the supergroup that a group has become, or 0 if err does not say so.
func migratedTo(err error) int64 {
	var migrated *tg.MigrateError
	if errors.As(err, &migrated) {
		return int64(migrated.MigrateToChatID)
	}
	return 0
}
