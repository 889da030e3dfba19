package mail

import (
	"fmt"
	"strings"
	"testing"

	"linienfunk/internal/testkit/measure"
)

// TestTheWordsOfHostsAreUnderstood has replies as hosts write them.
func TestTheWordsOfHostsAreUnderstood(t *testing.T) {
	t.Parallel()
	count := measure.New(t, "refusals are understood by their words")
	for want, replies := range map[meaning]string{
		gone: `
553 5.1.1 sorry, that address is not in my list of valid recipients
553 anna@rider.example is not known
550 The account you are trying to reach has been closed
550 неверный адрес получателя
550 5.1.1 account is not present
550 5.1.1 That user isn't here
5.4.4 (unable to route: no mail hosts for domain)
550 Konto wurde geschlossen
550 такого ящика нет
550 5.1.1 <anna@rider.example>: Recipient address rejected: User unknown in local recipient table
550 5.1.1 User unknown
550 No such user here
550 5.1.1 <anna@rider.example>... User unknown
550 5.1.1 unknown or illegal alias: anna@rider.example
550 5.1.1 Mailbox does not exist!
550 Mailbox not found
550 5.1.1 Invalid recipient: anna@rider.example
550 Invalid Mailbox
550 Address unknown
550 5.1.1 Recipient not found
550-Callto: unknown address
550 sorry, no mailbox here by that name (#5.1.1)
550 5.1.1 Not our Customer
550 Requested action not taken: no such user here
550 This account has been disabled or discontinued [#102].
554 delivery error: dd This user doesn't have a rider.example account (anna@rider.example) [0] - mta1.rider.example
554 delivery error: dd Sorry your message to anna@rider.example cannot be delivered. This account has been disabled or discontinued [#102].
550 5.2.1 The email account that you tried to reach is inactive
550 5.2.1 Mailbox disabled for this recipient
550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found
550 unknown user <anna@rider.example>
550 User not known
550 <anna@rider.example>: user doesn't exist
550 5.1.1 That email address does not exist here
550 Unknown recipient
550 relaying mail to rider.example: unknown user
553 5.3.0 <anna@rider.example>... Addressee unknown, relay=[192.0.2.1]
550 #5.1.0 Address rejected anna@rider.example: no such address
550 5.1.0 Address rejected, unknown
550 Account does not exist
550 5.1.1 no such mailbox
550 Unrouteable address
550 5.1.1 anna is not a valid mailbox
550 5.1.1 User is unknown {mx003}
550 The recipient's mailbox is no longer active
550 This address no longer accepts mail.
550 5.7.1 Unable to deliver to anna: recipient is invalid
550 RCPT TO:<anna@rider.example> User unknown
550 5.1.6 Recipient no longer on server
550 user has moved to another address
550 5.1.10 Recipient not found; RESOLVER.ADR.RecipientNotFound
User anna (anna@rider.example) not listed in Domino Directory
No such local user
The e-mail account does not exist at the organization this message was sent to. Check the e-mail address, or contact the recipient directly to find out the correct address.
Address not found. Your message wasn't delivered to anna@rider.example because the address couldn't be found, or is unable to receive mail.
Host or domain name not found. Name service error for name=rider.example type=A: Host not found
550 Host unknown
553 unknown host
Domain rider.example does not accept mail (nullMX)
Sorry, I couldn't find any host named rider.example. (#5.1.2)
all relevant MX records point to non-existent hosts
550 5.4.310 DNS domain rider.example does not exist
550 Die Adresse ist unbekannt
550 5.1.1 Empfänger unbekannt
550 Das Konto existiert nicht
550 5.1.1 Utilisateur inconnu
550 5.1.1 Cette adresse n'existe pas
550 El usuario no existe
550 usuario desconocido
550 5.1.1 Utente sconosciuto
550 5.1.1 La casella non esiste
550 5.1.1 Usuário inexistente
550 Gebruiker bestaat niet
550 Nieznany adresat
550 5.1.1 Нет такого пользователя
550 Пользователь не существует
550 5.1.1 宛先のユーザーは存在しません
550 Mailbox 收件人不存在
550 존재하지 않는 사용자`,
		refusesNow: `
552 5.2.2 Mailbox full
552 Mailbox is full
550 5.2.2 <anna@rider.example>: Recipient address rejected: Mailbox quota exceeded
452 4.2.2 The email account that you tried to reach is over quota
552-5.2.2 The recipient's inbox is out of storage space and inactive.
550 Mailbox anna exceeds its storage limit
552 Requested mail action aborted: exceeded storage allocation
452 4.3.1 Insufficient system storage
552 account is full (quota exceeded)
554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException
550 5.2.1 The user you are trying to contact is receiving mail too quickly.
450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered
550 user's mailbox has too many messages
Not enough space on the disk of the mailbox
Disk quota exceeded
Das Postfach des Empfängers ist voll
550 Le quota de la boîte est dépassé
550 El buzón está lleno
550 La casella è piena
550 Caixa postal cheia
550 Почтовый ящик переполнен
550 メールボックスの容量が超過しています
552 收件人邮箱已满
550 5.4.1 Recipient address rejected: Access denied
550 account suspended
550 5.2.1 Mailbox temporarily disabled
The user(s) account is temporarily limited.`,
		aboutUs: `
550 5.7.1 Service unavailable; client [192.0.2.1] blocked using bl.spamcop.example
554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.example; https://www.spamhaus.example/query/ip/192.0.2.1
550 5.7.1 <anna@rider.example>: Recipient address rejected: Policy restriction
550-5.7.1 Our system has detected that this message is likely unsolicited mail
550-5.7.26 Unauthenticated email from linienfunk.example is not accepted due to domain's DMARC policy.
550 5.7.1 Client does not have permissions to send as this sender
550 5.7.511 Access denied, banned sender[192.0.2.1]
550 5.7.606 Access denied, banned sending IP [192.0.2.1]
421 RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed
550 SC-001 Mail rejected by Outlook.com for policy reasons
550 DY-001 Mail rejected: we generally do not accept email from dynamic IP's
553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in a list
421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints
554 5.7.9 Message not accepted for policy reasons
554 Reject due to policy restrictions. For explanation visit https://postmaster.rider.example/case?c=hi
550 Requested action not taken: mailbox unavailable. Reject due to SPF policy.
554 Transaction failed. Reject due to SPF policy
421 Rejected: invalid DNS PTR resource record
554 No SMTP service. IP address is block listed.
550 5.1.1 your host has too many invalid recipients
450 4.7.1 <linienfunk.example>: Helo command rejected: Host not found
450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]
450 4.1.8 <bounce+1@linienfunk.example>: Sender address rejected: Domain not found
550 5.1.8 Domain of sender address bounce+1@linienfunk.example does not exist
550 Sender verify failed: no such user
451 4.7.1 Greylisting in effect, please come back later
450 4.2.0 <anna@rider.example>: Recipient address rejected: Greylisted
550 5.7.23 The message was rejected because of Sender Policy Framework violation
550 5.7.1 Message rejected as spam by Content Filtering.
550 High probability of spam
554 5.7.1 Message contains a virus
552 5.7.0 This message was blocked because its content presents a potential security issue
550 5.7.1 Relaying denied
554 5.7.1 <anna@rider.example>: Relay access denied
550 5.7.64 TenantAttribution; Relay Access Denied
550 relay not permitted
553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy
550 5.7.1 RESOLVER.RST.SenderNotAuthenticatedForMailbox; Delivery restriction check failed
552 5.3.4 Message size exceeds fixed limit
550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient
554 5.4.6 Too many hops
421 4.7.0 Too many connections from your host
450 4.7.1 Error: too much mail from 192.0.2.1
451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77714)
554 rejected due to spam URL in content
550 Your mail was classified as junk
550 5.7.350 Remote server returned message detected as spam
530 5.7.0 Must issue a STARTTLS command first
550 5.7.1 Verweigert: Ihr Server steht auf einer Sperrliste
550 Adresse IP bloquée, liste noire
550 IP incluida en lista negra
550 Сообщение похоже на спам
550 ドメインポリシーにより拒否されました
554 垃圾邮件
550 Nachricht zu groß
552 message trop volumineux
550 header syntax error
550 IP frequency limited
550 non RFC compliant message
550 not local host, not a gateway
550 Ihre Domain ist auf der schwarzen Liste
550 スパムと判定されました
550 only members can post
550 your account has been closed for sending spam
550 5.4.300 Message expired -> 451 4.4.0 Primary target IP address responded with: "421 4.7.0 Your IP is on a block list"
550 You are not allowed to send to this recipient
550 Access denied, host unknown
550 Client host name unknown
550 IP address unknown
500 Command not recognized
550 JunkMail rejected - linienfunk.example [192.0.2.1] is in an RBL
554 5.7.1 You are not permitted to send mail from your IP address`,
		noReason: `
550 5.4.300 Message expired -> 451 4.4.0 Primary target IP address responded with: "421 4.4.2 Connection dropped"
550 Mailbox error: unknown error
550 Unbekannter Fehler beim Zustellen an das Postfach
550 Requested action aborted: local error in processing
451 4.4.2 Connection timed out
554 5.5.1 Error: no valid recipients
4.4.7 Message expired: unable to deliver in 840 minutes
host mx.rider.example [192.0.2.2] connection refused`,
		unknownAgain: `
550 Requested action not taken: mailbox unavailable
550 5.1.1 Recipient address rejected: rider.example
550 Recipient rejected
550 5.5.0 mailbox unavailable`,
		unclear: `
550 frobnicated
550 5.1.1 E17`,
		silent: `
550
550 5.1.1 <anna@rider.example>
`,
	} {
		for _, reply := range strings.Split(strings.TrimSpace(replies), "\n") {
			if got := meaningOf(reply); !count.Add(got == want) {
				t.Errorf("%s: %d, want %d", reply, got, want)
			}
		}
	}
}

// TestNobodyWhoReadsIsUnsubscribedByOurReputation tries all status codes with words about us: reporting servers write any.
func TestNobodyWhoReadsIsUnsubscribedByOurReputation(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"blocked", "user unknown; your IP is on a blacklist", "rejected by policy, no such user", "sender rejected"} {
		for _, status := range []string{"5.0.0", "5.1.0", "5.1.1", "5.1.2", "5.1.10", "5.2.1", "5.2.2", "5.4.4", "5.7.1"} {
			report := fmt.Sprintf("Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: %s\nDiagnostic-Code: smtp; 550 %s %s\n", status, status, words)
			replies, err := parseDSN([]byte(report))
			if err != nil || len(replies) != 1 || classify(replies[0], true) != noBounce {
				t.Errorf("%s %s: %+v, %v", status, words, replies, err)
			}
		}
	}
}

func TestWordsAboutACommandOrAPolicyEndNoSubscription(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    reply
		want bounceKind
	}{
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 1, 1}, says: gone}, hardBounce},
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 7, 1}, says: gone}, softBounce},
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 5, 1}, says: gone}, noBounce},
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 5, 0}, says: gone}, hardBounce},
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 5, 0}, says: unknownAgain}, softBounce},
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 5, 0}, says: unclear}, noBounce},
		{reply{stage: "RCPT", code: 550, enhanced: [3]int{5, 5, 4}, says: unknownAgain}, noBounce},
		{reply{stage: "RCPT", code: 502, says: gone}, noBounce},
		{reply{stage: "RCPT", code: 450, enhanced: [3]int{4, 1, 1}, says: gone}, softBounce},
	} {
		if got := classify(c.r, true); got != c.want {
			t.Errorf("%+v: %d, want %d", c.r, got, c.want)
		}
	}
}
