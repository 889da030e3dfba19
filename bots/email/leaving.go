package email

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"linienfunk/bots/chat"
	"linienfunk/mail"
	"linienfunk/mail/text"
)

// leaving is why a mail is dropped whose author wants no more reports.
const leaving = "asks to unsubscribe"

// wantsToLeave is all that a person writes who wants to leave. It is no report in any city, but one with more words may be.
var wantsToLeave = regexp.MustCompile(`^(((please|pls|bitte|hallo|hi|hello|liebes? \pL+|und|and|mich|me|my|i want to|ich möchte( mich)?|ich will( mich)?|s'il vous plaît|svp|por favor|per favore|proszę|me|je veux) )*(` + strings.Join([]string{
	`abmeld(en|ung|e)|abbestell(en|ung|e)|austrag(en|ung)|melde mich ab|löschen|kündig(en|ung)|newsletter abbestellen|ab ?melden`,
	`un-?subscribe|unsub|stop|stopp|opt-?out|sign-?off|leave|remove|cancel( subscription)?|delete|end|quit|take me off( this| your| the)?( list)?`,
	`(se |me )?(désabonner|désinscrire)|désabonnement|désinscription|désabonnez-moi`, `(darme|darse|dar) de baja|baja|cancelar( la)?( suscripción)?|desuscribir(me|se)?|anular( suscripción)?`, `disiscriv(ere|imi|iti)|cancellami|cancellazione|annulla( iscrizione)?`, `descadastrar|cancelar( a)? (inscrição|assinatura)|remover`,
	`afmelden|uitschrijven|afmelding`, `wypisz|wypisać|rezygnuję|anuluj( subskrypcję)?`, `avregistrera|avprenumerera|avsluta|afmeld|avmeld|meld av|peruuta( tilaus)?`, `odhlásit|odhlasit|leiratkozás|abonelikten çık|iptal`, `отписаться|отпишите|отписка|стоп|відписатися|退订|配信停止|수신거부`,
}, "|") + `)( (please|pls|bitte|me|mich|from|of|aus|von|vom|this|the|der|dem|die|list|liste|newsletter|verteiler|mailing ?list|e-?mails?|mails?|danke|thanks|thank you|thx|merci|gracias|grazie))*( |$))+$`)

// asksToLeave reports whether these words of a mail, and nothing else, ask to unsubscribe.
func asksToLeave(words string) bool {
	if len(words) > 100 {
		return false
	}
	words = strings.Join(strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return strings.ContainsRune(" \t\n.,;:!?…\"«»„“”*_()[]", r) }), " ")
	return wantsToLeave.MatchString(words)
}

// sendLinkToLeave sends a subscriber the link to unsubscribe, as often as other mails about the subscription. From can be forged, so that the mail alone
// ends nothing. Who does not subscribe gets no mail.
func (b *Bot) sendLinkToLeave(ctx context.Context, name, author string) error {
	address, err := text.ParseAddress(author)
	if err != nil {
		return nil // nobody subscribes with such an address
	}
	_, found, err := b.store.find(ctx, name, b.store.person(address))
	if err != nil || !found {
		return err
	}
	city, ok, err := b.open(ctx, name)
	if err != nil || !ok {
		return err
	}
	s, due, err := b.store.request(ctx, name, address, chat.Interest{}, spareMails)
	if errors.Is(err, errBusy) || err == nil && !due {
		return nil
	}
	if err != nil {
		return err
	}
	from, err := b.senderOf(ctx, name)
	if err != nil {
		return errors.Join(err, b.store.undoRequest(ctx, s))
	}
	title, unsubscribe := oneLine(city.Title, maxSubject), b.link(name, "unsubscribe", b.unsubscribeToken(s))
	err = b.mail.Queue.Enqueue(ctx, mail.Message{
		Key:  "email leave " + name + " " + s.Person + " " + strconv.FormatInt(s.AskedAt, 10),
		From: from.from, Route: from.route, FromName: title, To: address, BounceID: bounceID(s),
		Subject: b.core.Pages.Text(city.Lang, "mail-leave-subject", "City", title),
		Text:    b.core.Pages.Text(city.Lang, "mail-leave", "City", title, "Unsubscribe", unsubscribe) + "\n",
		Header:  map[string]string{headerLoop: b.address(name)},
		Expires: b.core.Now().Add(confirmTime),
	})
	if err != nil {
		return errors.Join(err, b.store.undoRequest(ctx, s))
	}
	return nil
}
