package email

import (
	"crypto/subtle"
	"strconv"
	"strings"
	"time"
)

// Tokens are part of the links in our mails. They hold the keyed hash of the subscriber's address and a MAC, and are not stored:
// <person>-<mac> unsubscribes, or chooses reports, and does not expire, <person>-<end>-<mac> confirms until the time end (seconds since 1970, in base 36).

func (b *Bot) mac(purpose, city, person, end string) string {
	return b.core.Box.Digest("email "+purpose, city+"\x00"+person+"\x00"+end)[:32]
}

func (b *Bot) unsubscribeToken(s Subscriber) string {
	return s.Person + "-" + b.mac("unsubscribe", s.City, s.Person, "")
}

func (b *Bot) confirmToken(s Subscriber) string {
	end := strconv.FormatInt(b.core.Now().Add(confirmTime).Unix(), 36)
	return s.Person + "-" + end + "-" + b.mac("confirm", s.City, s.Person, end)
}

func (b *Bot) chooseToken(s Subscriber) string {
	return s.Person + "-" + b.mac("choose", s.City, s.Person, "")
}

// readChoose returns the subscriber of a token, and false for a forged one.
func (b *Bot) readChoose(city, token string) (person string, ok bool) {
	person, mac, _ := strings.Cut(token, "-")
	return person, equal(mac, b.mac("choose", city, person, ""))
}

// moveToken is for going along to an address, and no other one.
func (b *Bot) moveToken(s Subscriber, to string) string {
	return s.Person + "-" + b.mac("move", s.City, s.Person, to)
}

// readMove returns the subscriber of a token, and false for a forged one or one about another address.
func (b *Bot) readMove(city, token, to string) (person string, ok bool) {
	person, mac, _ := strings.Cut(token, "-")
	return person, equal(mac, b.mac("move", city, person, to))
}

// readUnsubscribe returns the subscriber of a token, and false for a forged one.
func (b *Bot) readUnsubscribe(city, token string) (person string, ok bool) {
	person, mac, _ := strings.Cut(token, "-")
	return person, equal(mac, b.mac("unsubscribe", city, person, ""))
}

// readConfirm is readUnsubscribe for a confirmation, and says whether it has expired.
func (b *Bot) readConfirm(city, token string) (person string, expired, ok bool) {
	person, rest, _ := strings.Cut(token, "-")
	end, mac, _ := strings.Cut(rest, "-")
	seconds, err := strconv.ParseInt(end, 36, 64)
	if err != nil || !equal(mac, b.mac("confirm", city, person, end)) {
		return "", false, false
	}
	return person, !b.core.Now().Before(time.Unix(seconds, 0)), true
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// link is the address of a public page, with a token.
func (b *Bot) link(city, page, token string) string {
	return b.core.BaseURL + "/c/" + city + "/" + b.core.Name + "/" + page + "?t=" + token
}
