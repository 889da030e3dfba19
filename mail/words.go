package mail

import (
	"regexp"
	"strings"
	"unicode"
)

// meaning is what the words of a reply say, whatever its code.
type meaning int

const (
	silent       meaning = iota // there are no words
	unclear                     // they are none of those below
	aboutUs                     // our host, domain or sending rate, the sender, or the message: the mailbox may be fine
	gone                        // the mailbox or its domain does not exist, or never will again
	refusesNow                  // the mailbox is full, suspended or receives too much at the moment
	noReason                    // the recipient is refused, and nothing says why
	unknownAgain                // gone, if the status code says so too
)

// wordRules are tried in this order. What is about us comes before what is about the mailbox, since a host may name both in one sentence, and no
// living reader may be unsubscribed because a list has our address. Where a rule has phrases in several languages, they are those of
// hosts that answer in their country's language. Phrases are matched in lower case, without addresses and codes, with single spaces.
var wordRules = []struct {
	meaning meaning
	phrases []string
}{
	{refusesNow, []string{ // phrases that later rules would take for something else
		// Gmail, 5.2.1 and 4.2.1
		`(mailbox|user|account|recipient|you are trying to (contact|reach)).{0,60}receiv\w* .{0,20}(at a rate|too (quickly|fast|many))`,
		// Exchange Online: 5.2.121 and 5.2.122; 5.4.1, for a recipient who does not exist, or is not yet known everywhere
		`recipient(rate|thread|threadbyte)?limit exceeded`, `exceed\w* the (maximum )?rate .{0,30}(can|may) receive`,
		`recipient address rejected: access denied`, `mailbox unavailable or access denied`,
		`(mailbox|user|users|recipient).{0,20} has too many messages`, `too many (messages|mails) (in|on|stored)`,
		// A relay's list of addresses that were dead for somebody once.
		`suppress(ed|ion)`,
		// Facebook: the recipient's preferences, or the account is deactivated
		`\brcp-(p[23]|t)`,
	}},
	{noReason, []string{
		// what follows when each recipient was refused; Google Groups, of groups that one may not write to; errors that nobody knows
		`no (valid )?recipients`, `need rcpt`, `rcpt first`, `may not (exist|have permission)`,
		`unknown (mailer |smtp |internal |server |system )?(error|reason|failure|problem|status|exception|cause)\b`, `unbekannte\w* (fehler|grund|ursache)`, `(erreur|error|errore|erro) (inconnue|desconocido|sconosciuto|desconhecido)`,
		`неизвестн\w* ошибк`, `未知错误`, `不明なエラー`,
	}},
	{gone, []string{`\brcp-p1\b`}}, // Facebook: there is no such address
	{aboutUs, reputation},
	{refusesNow, full},
	{aboutUs, tooLarge},
	{gone, noMailbox},
	{gone, noDomain},
	{aboutUs, refusedMail},
	{refusesNow, suspended},
	{unknownAgain, []string{
		`(recipient|mailbox|user|account|address)s?\b.{0,40}(rejected|refused|unavailable|not available|not accept|undeliverable|fail|error|bad|problem)`,
		`(rejected|refused|undeliverable|unavailable|bad|cannot deliver to|can't deliver to).{0,20}(recipient|mailbox|user|account|address)`,
	}},
	{noReason, trouble},
}

// reputation is about our host, our domain or the sender: block lists, policies, rates, DNS, authentication, and verdicts about the content.
var reputation = []string{
	// Block lists.
	`(block|black|deny|denied|reject|bad|stop|sperr|ban)[ -]?list`, `(white|allow|safe)[ -]?list`, `black[ -]?hole`, `\bdnsbl`,
	`\brbls?\b`, `\b[xcps]bl\b`,
	`spamhaus`, `spamcop`, `spamrats`, `sorbs\b`, `abuseat`, `barracudacentral`, `barracuda reputation`, `senderbase`, `senderscore`,
	`uceprotect`, `cloudmark`, `invaluement`, `mailspike`, `backscatterer`, `njabl`, `\bordb`,
	`\bbloc?k(ed|ing|s)?\b`, `\bblocage\b`, `\bbloqu`, `\bbloccat`, `\bgeblokkeerd`, `\bzablokowan`, `\bblockiert`,
	`schwarze?n? liste`, `\bgesperrt.{0,20}(ip|server|host|domain)`, `liste noire`, `lista negra`, `lista nera`, `zwarte lijst`, `czarn\w+ list`,
	`ч[её]рн\w+ спис`, `заблокирован`, `ブロック`, `拒否`, `黑名单`, `黑名單`, `차단`,
	// Outlook.com
	`\bbanned\b`, `\bblacklisted`, `\bdelist`, `\b(is|are|was|been|currently) listed\b`, `\breputation`, `\bs31[45]0\b`, `\bs775b\b`,
	`\bas\(?4[28]\d\d\)?`,
	// Yahoo
	`\[?\btss?0[0-9]\b`, `\bph0?1\b`,
	// Facebook: policy, connection, DNS
	`\b(pol|con|dns|int-(p[1-6]|t)|tlk)-[pt]\d`,
	// Policies and permissions.
	`access (is |was )?denied`, `denied access`, `\bclients?\b`, `\bip[ -]addr`, `\bips?\b (is|has|was|not|rejected|unknown|denied)`,
	`\bpolic(y|ies)\b`, `richtlinie`, `politique`, `\bpol[ií]ticas?\b`, `\bbeleid\b`, `polityk`, `политик`, `ポリシー`, `策略`,
	`authenti`, `\bauth(orization)? (is )?(required|failed)`, `not authori[sz]ed`, `unauthori[sz]ed`, `notauthorized`, `authrequired`,
	`restricted to (senders|members)`, `only (members|subscribers)\b`, `not (a |our )?(local host|gateway)\b`, `only accepts? (mail|messages) from`,
	`relay(ing)?( access| is| was|:)? ?(denied|not |prohibited|disallowed|refused|attempt)`, `not (permitted|allowed) to relay`,
	`(unable|able|refus\w+|denied|cannot|can't|do not|don't|won't|we do not|open|no) (to )?relay`, `rcpthosts`,
	`\bsecurity\b`, `\btls\b`, `starttls`, `certificate`, `encryption`, `\bssl\b`,
	// Rates.
	`rate.?limit`, `(sending|message|connection|mail|delivery|transfer|recipient) (rate|frequency)`, `at a rate`, `throttl`,
	`too (fast|quickly|frequent|often)`, `too many`, `too much (mail|e-?mail|traffic)`, `flood`, `excessive`, `concurren`,
	`max\w* (number of )?(connections|sessions|recipients)`,
	`(sending|outbound|outgoing|hourly|daily|send|per[- ](hour|day|minute)|sender.?s?) (quota|limit)`,
	`exceed\w*.{0,40}(per (hour|minute|day|session|connection)|connections|messages from|sending)`, `(has|have) sent (too|more|over|an? )`, `frequency (is )?(limit|control|too)`, `频率`, `次数`,
	`gr[ea]y[ -]?list`, `\bdefer\w* due to`, `user complaints`, `complain(t|ed)`, `unusual (rate|amount|traffic)`, `suspicious`,
	`\babus(e|ive)`,
	// DNS, greeting and identity of our host.
	`\bptr\b`, `has no mx`, `reverse (dns|name|host|lookup|address|mapping|resol)`, `\brdns`, `fcrdns`, `\b(helo|ehlo)\b`, `bad dns`,
	`\bdynamic (ip|address|host|range|pool)`, `residential`, `dial-?up`, `(generic|consumer|home) (ip|ptr|rdns|host|line)`,
	`\b(your|client|sender|sending|remote|connecting|hostname|ip)\b.{0,40}(resolv|lookup|look up|unverified|not verified)`,
	`cannot find your`, `find your (reverse )?host`,
	`\bspf\b`, `\bdkim\b`, `\bdmarc\b`, `\bdomainkeys?\b`, `sender.?id\b`, `\bbimi\b`, `\barc (fail|seal)`,
	`\bsenders?\b`, `senderverif`, `return.?path`, `mail ?from`, `(envelope|header|from).?(from|address|domain|header) `,
	`\bcall-?(out|back)`, `absender`, `exp[ée]diteur`, `remitente`, `mittente`, `remetente`, `afzender`, `nadawc`, `odes[ií]latel`,
	`avs[äæ]nder`, `отправител`, `送信者`, `送信元`, `发件人`, `寄件`, `发送者`, `보낸`,
	`\bfrom \[\d`,
	`your (ip|host|domain|server|network|provider|isp|mail ?(server|host|system|domain)|smtp|mta|connection|country)`,
	`your (organi[sz]ation|dns|system|computer|identity|mailing|client|account has been .{0,20}send)`,
	`you('re| are| have been| were| do not| don't| must|r not)( not)? (listed|black|block|ban|allowed|authori|permitted|sending|on |an? )`,
	`(messages?|mails?|e-?mails?|connections?) (from|von) (your|you|this|dieser|ip\b|\[?\d|the (ip|host|server|domain|network)|here|dynamic)`,
	`(accept|receive|allow|welcome|want|take)\w*( any)?( (more|e-?mails?|mails?|messages?|connections?|traffic|sessions?))* from\b`,
	// Verdicts about the content.
	`\bspam`, `\bunsolicited`, `\bbulk\b`, `\bjunk`, `\bu[bc]es?\b`, `\bub?ce\b`, `\bvirus`, `malware`, `\bphish`, `malicious`, `infected`,
	`trojan`, `objectionable`, `forbidden`, `inappropriate`, `\bharmful`, `unwanted`, `pourriel`, `ind[ée]sirable`, `спам`, `迷惑メール`, `スパム`, `垃圾`,
	`스팸`, `вирус`, `ウイルス`, `病毒`,
	`content (was |is )?(reject|filter|block|refus|den|not|violat|restrict|unaccept)`,
	`(bad|illegal|invalid|offensive|prohibited|suspect\w*|undesirable|rejected (for|due to|because of)|message|mail) content`,
	`(unsolicited|unsolicitedmessage)`,
}

// full is a mailbox, or its server's disk, without space.
var full = []string{
	`(mail ?box|in-?box|mail ?folder|mail ?drop|account|disk|storage|user|recipient|maildir)('s)?( \w+){0,6} (is |was |too |has )?((almost )?full\b|over.?(quota|limit|drawn)|exceed)`,
	`(over|exceed\w*|out of|beyond|hit|reached|under|no)( \w+){0,5} quota`, `quota( \w+){0,4} (exceed|reached|full|violat|limit|over)`,
	`over.?quota`, `quota.?exceed`, `\bquota\b`, `full mailbox`, `mailbox_?full`, `mailboxfull`, `storage`,
	`exceed\w* .{0,40}(mail ?box|storage|space|allocat|account|disk)`,
	`(insufficient|not enough|no|out of|lack of|low on)( \w+){0,4} (space|room|disk|storage)`, `disk (space|full|is full)`, `no space`,
	`no room`, `space left`, `too full`, `mailbox size`, `mailbox limit`, `enough space`, `space has been used`,
	`(mailbox|user|account|recipient) (is )?over\b`,
	`(postfach|mailbox|postkorb|speicher\w*|konto|kontingent|limit|quota).{0,40}(voll|überschritten|ueberschritten|erschöpft)`,
	`volles postfach`, `kein speicherplatz`,
	`(bo[iî]te|messagerie|quota).{0,50}(pleine|saturée|dépass|remplie)`,
	`(buz[óo]n|casilla|cuota|casella|caixa|cota|quota).{0,50}(llen|super|exced|pien|chei|lotad|satur)`,
	`(postvak|mailbox|inbox).{0,20}\bvol\b`, `(skrzynk|limit).{0,40}(pełn|przepełn|przekrocz)`, `schránk.{0,30}pln`,
	`(ящик|квота).{0,40}(переполн|заполн|превыш)`, `переполнен`, `posta kutusu dolu`, `kotası? (dol|aş)`, `postafiók.{0,20}megtelt`,
	`brevlåda.{0,20}full`, `postkass\w*.{0,20}(full|fuld)`,
	`メールボックス.{0,20}(いっぱい|容量|満杯|一杯)`, `容量.{0,10}(超|オーバー)`, `(邮箱|郵箱|信箱|空间|空間).{0,8}(已满|已滿|满|滿|不足|超)`, `容量(不足|已)`, `사서함.{0,10}(가득|초과)`, `용량`,
}

// tooLarge is about a message that the host finds too large, or whose form it does not accept.
var tooLarge = []string{
	`(message|mail|body|header|attachment|line|data)( \w+){0,4} (too (big|large|long)|exceed|larger)`, `(size|length) (limit|exceed)`,
	`(exceed\w*|maximum|max|fixed)( \w+){0,4} (message )?size`, `too (big|large)\b`,
	`\b8 ?bit`, `smtputf8`, `bare (lf|cr|newline)`, `line(s are)? too long`,
	`(missing|invalid|malformed|duplicate|multiple|bad|no) .{0,30}header`, `header.{0,10} syntax`, `zu gro(ß|ss)`, `trop (gros|volumineu|grand|lourd)`, `(demasiado|troppo|muito) grande`, `te groot`, `слишком больш`,
	`rfc ?[25][38][12]2`, `non[- ]rfc`, `not rfc`, `non-?compliant`,
	`message-?id`, `mail loop`, `too many hops`, `hop count`, `attachment`, `\bloop(ing|s)?\b`,
}

// who are words for a recipient, and unknown adjectives for one that does not exist.
const (
	who     = `(users?( ?names?| ?ids?| ?accounts?)?|recipients?|mail[ -]?box(es)?|mail-?drop|accounts?|address(es)?|addressees?|members?|subscribers?|customers?|alias(es)?|inbox|person|employee|local[- ]?parts?|destination|e?-?mail (address(es)?|accounts?|ids?|names?)|mailing list|resident|teilnehmer)`
	unknown = `(unknown|no such|no valid|not? (a |an )?(valid|known|existing|local|active|registered|legal|recogni[sz]ed)|invalid|non-?existe?a?nt|in-?existent|undefined|illegal|unrecogni[sz]ed|wrong|incorrect|obsolete|deleted|disabled|deactivated|inactive|inactivated|non[- ]active|un-?known|unrout(e)?able|unresolvable|unlisted|nosuch)`
)

// noMailbox says that there is no such mailbox (any more), or that nobody may use it again.
var noMailbox = []string{
	`\b` + unknown + `[ :,_/-]*((local|virtual|mail|e-?mail|destination|smtp|relay|or|illegal|such|final|forward|system|domino|unix|the|a) )*` + who,
	`\b` + who + `\b.{0,50}[ :,;."'>)(_=-](` + unknown + `)\b`,
	who + `\b.{0,70}\b(not|never|n't|cannot|could not|can't)( \w+){0,3} (found|known|exists?|existed|located|listed|recogni[sz]ed|registered|valid|a valid|subscribed|identified|resolved|defined|match|matched|hosted|provisioned)`,
	`\b(does not|doesn.?t|did not|don.?t|do not|no longer|not|never) exists?\b`, `\bnot exist`, `nonexistent`, `recip(ient)?notfound`,
	`notfound`, `nosuchuser`, `nosuchrecipient`, `not in (my|our|the|this) (list|table|directory|database) of (valid |local |known )?(user|recipient|address|mailbox)`, `^\W*(is|was) (not known|unknown)`,
	`no longer (valid|active|in use|in service|available|used|works?|working|employed|here|with|at|accept\w*|monitored|on|a|has|have|be|maintain)`,
	`\bno (one|body|user|mailbox|account|person|mail ?drop|entry)\b`, `nobody (here|by|with)`,
	`(has|have|with|had) no (account|mailbox|mail ?drop|e-?mail|such)`,
	`(doesn.?t|does not|do not|don.?t) have an? .{0,50}(account|mailbox)`,
	`not (our|a) (customer|subscriber|user|member)`, `not (listed|found|contained|registered) in`,
	`not (a|an) (known|valid|active|existing|local)`, `couldn.?t be found`, `could not be found`, `cannot be found`, `can.?t be found`,
	`wasn.?t found`, `was not found`, `is not found`, `(address|user|recipient|account|mailbox|name) not found`,
	`not found:? (in|on|here)`, `unable to find`, `can.?t find`, `could not find`,
	`couldn.?t find (the|this|a|any) (user|recipient|mailbox|address|account)`,
	`(mail ?box|account|user|address|recipient|alias|e-?mail)\b.{0,50}\b(disabled|deactivated|deleted|discontinued|inactive|obsolete|defunct|de-?activated)`,
	`(mail ?box|account|address|subscription)( (is|was|has|been|already|now|permanently))* (closed|terminated|removed|cancel+ed|expired|retired|abandoned)`,
	`(mail ?box|account|address)\b.{0,50}\b(is|was|been) (now |permanently )?(closed|terminated)`, `(account|user|mailbox|recipient|address).{0,20}(is ?n.?t|is not|not) (present|here|there)\b`,
	`(left|quit) (the|our|this) (company|organi[sz]ation|firm)`, `has left\b`, `deceased`, `passed away`,
	`\b(user|recipient|mailbox|account|person|address)( \w+){0,3} moved\b`, `(address|mailbox).{0,30} has changed`, `new (e-?mail )?address is`,
	`bad (destination|address|recipient|user|mailbox|user name)`, `recipient address rejected:? (user )?unknown`, `unrouteable`,
	`unroutable`, `address unknown`, `addressee unknown`, `unknown in `, `aliased to unknown`, `(bad|valid)rcptto`,
	`(user|recipient|address) no found`, `missing home directory`, `\bno this\b`, `(user|account|mailbox) is terminated`, `(do not|don't|not) recogni[sz]e `,
	`neither listed`,
	// German, French, Spanish, Italian, Portuguese, Dutch
	`(existiert|gibt es) .{0,30}nicht`, `unbekannt`,
	`nicht (bekannt|gefunden|vorhanden|existent|existiert|registriert|ermittelt|mehr (gültig|aktiv|vorhanden))`,
	`kein(en)? (solche[nrs]?|gültige[nrs]?|benutzer|postfach|empfänger|teilnehmer)`, `ungültige[rn]? (empfänger|adresse|benutzer)`,
	`empfänger ungültig`, `gelöscht`, `deaktiviert`, `(konto|postfach|adresse)\b.{0,30}(geschlossen|gekündigt|aufgelöst|stillgelegt)`,
	`n.existe (pas|plus)`, `inconnue?\b`, `introuvable`, `inexistante?\b`, `invalide`, `n.est (pas|plus) (valide|active?|connu)`,
	`aucun(e)? (utilisateur|destinataire|bo[iî]te)`, `d[ée]sactiv[ée]`, `supprim[ée]`, `ferm[ée]e?\b`,
	`no (existe|existen|encontrad[oa]|v[áa]lid[oa])`, `inexistente`, `desconocid[oa]`, `no se (ha )?(encontr|pudo encontrar)`,
	`usuario (no|inv)`, `inv[áa]lid[oa]`, `deshabilitad`, `desactivad`, `eliminad[oa]`, `dad[oa] de baja`,
	`non esist`, `inesistente`, `sconosciut[oa]`, `non (è stato |e' stato )?trovat`, `non valid[oa]`, `disattivat`, `disabilitat`,
	`(n[ãa]o|nao) (existe|encontrad|foi encontrad|é válid|cadastrad)`, `desconhecid`, `desativad`, `bestaat niet`,
	`niet (gevonden|bekend|geldig)`, `onbekende?`, `ongeldige?`, `verwijderd`, `opgeheven`,
	// Polish, Czech, Slovak, Hungarian, Nordic, Russian, Ukrainian, Turkish, Greek
	`nie (istnieje|znaleziono|ma takiego)`, `nieznan`, `nieprawid[łl]ow`, `brak (takiego|skrzynki|użytkownika)`, `usuni[ęe]t`, `neexist`,
	`nezn[áa]m`, `nenalezen`, `neplatn`, `nem (létezik|található)`, `ismeretlen`, `érvénytelen`,
	`finns inte`, `okänd`, `hittades inte`, `findes ikke`, `ukendt`, `finnes ikke`, `ukjent`, `ei (ole olemassa|löydy|löytynyt)`,
	`tuntematon`, `не (существует|найден|зарегистрирован|обнаружен)`, `нет (такого|пользователя|ящика)`, `(пользователя|ящика|адреса) нет($|\PL)`, `неизвестн`, `несуществующ`,
	`недействительн`, `не(вер|правиль)н\pL* (адрес|получател|имя|имени)`, `удал[её]н`, `не (існує|знайдено)`, `невідом`, `bulunamad`, `mevcut de[ğg]il`, `ge[çc]ersiz`, `bilinmeyen`,
	`b[öo]yle bir`, `δεν (υπάρχει|βρέθηκε)`, `άγνωστ`,
	// Japanese, Chinese, Korean
	`存在しま(せん|せんでした)`, `存在しない`, `見つかりません`, `見つかりませんでした`, `宛先不明`, `あて先不明`, `不明な(ユーザ|宛先)`, `登録されていません`, `無効な(アドレス|宛先)`,
	`(用户|用戶|使用者|收件人|邮箱|信箱|帐号|账号|帳號|地址).{0,10}(不存在|无效|無效|未找到|不正确|错误|不明)`, `不存在`, `查无此`, `查無此`, `無此`, `无此`, `没有(此|这个|找到)`, `존재하지`, `찾을 수 없`,
	`없는 (사용자|수신자)`, `알 수 없는`,
}

// noDomain says that the domain does not exist, or takes no mail at all (RFC 7505).
var noDomain = []string{
	`(host|domain|system|node|site|server)( name)?s?\b( \S+){0,3}? (is |was |are )?(unknown|not found|(does not|doesn.?t) exist|not exist|non-?existent|invalid|couldn.?t be found|could not be found|cannot be found|no longer|expired|not (known|valid|listed|registered))`,
	`(unknown|no such|invalid|bad|illegal|non-?existent|couldn.?t find any|could not find any|can.?t find( any)?|unrouteable|unresolvable)( \w+)? (host|domain|destination|mail domain|node|site|server)`,
	`nxdomain`, `nonexistentdomain`, `name or service not known`, `illegal host/domain`,
	`null ?mx`, `\bno (mx|mail exchangers?|mail server)\b`, `mail exchangers?.{0,40}(not found|none|non-?existent)`,
	`find a mail exchanger`, `no mail hosts`, `no valid hosts`, `mx records? .{0,30}non-?existent`, `name server: \.?: host not found`,
	`all relevant mx records`, `host address lookups? failed permanently`,
	`(host|domain|server|system|site|it) (does not|doesn.?t|do not|no longer|never) (accept|receive|take|handle)\w*( any)? (e-?)?mail`,
	`(does not|doesn.?t|no longer|never) (accept|receive)s?( any)? (incoming |inbound )?(e-?)?mail`,
}

// refusedMail refuses without naming the recipient.
var refusedMail = []string{
	`no permission`, `command (rejected|not recogni[sz]ed|unrecogni[sz]ed|not implemented|not supported)`, `administrative(ly)? (prohibit|den)`, `protocol violation`, `restricted words`, `access from`,
	`connection (was )?(rejected|denied)`, `not (allowed|permitted|acceptable|welcome)`, `prohibited`, `no smtp service`,
	`(message|mail|e-?mail|data|envelope|transaction|delivery)( \w+){0,3} (refused|rejected|denied|discarded|not accepted|unacceptable)`,
	`(reject|refus|den)\w*( by| for| due| because| based| your)? ?.{0,30}(filter|rule|message|content|reason|admin)`, `denied by`,
	`rejected by (filter|admin|rule)`, `by admin`,
	`(mitteilung|nachricht|mail) .{0,30}abgelehnt`, `zugriff verweigert`, `accès refusé`, `acceso denegado`, `accesso negato`,
	`toegang geweigerd`, `отказано`, `被拒`, `拒收`, `拒绝`,
}

// suspended mailboxes may come back.
var suspended = []string{
	`(mail ?box|account|user|recipient|address|domain)\b.{0,50}\b(suspend|locked|frozen|hold|limited|temporar|unpaid|restrict|maintenance|moving|being (moved|upgraded)|not activated|not yet)`,
	`suspended`, `account (is )?limited`, `temporarily (limited|disabled|locked|inactive|unavailable|out)`,
	`停止`, `冻结`, `凍結`, `приостановлен`, `gesperrt`, `suspendu`, `suspendid`, `sospes`, `geblokt`, `zawieszon`,
}

// trouble names the recipient or a failure, but no reason that would last.
var trouble = []string{
	`mail ?box (is )?(currently |temporarily )?(unavailable|not available|busy|corrupt|locked|inaccessible|in use)`, `unavailable`,
	`not available`, `timed?[ -]?out`, `expired`, `too long`, `(could|can)( ?not|n.t) (be )?(reach|connect|deliver)`,
	`connection (refused|reset|lost|dropped|timed|failed|closed|broken|went)`, `unreachable`, `no (answer|route|response)`, `network`,
	`retry`, `try again`, `later`, `giv(en|ing) up`, `undeliverable`, `internal (error|server)`, `system (error|not|resources|failure)`,
	`i/o error`, `resources`, `local error`, `configuration`, `mailer`, `unexpected`, `out of memory`, `cannot (open|create|write|append)`,
	`can't (open|create|write)`, `permission denied`, `failure`, `undelivered`, `inactivity`, `not accepting`,
	`refus\w* to (receive|accept)`, `\buser reject`, `bounced address`,
}

type compiledRule struct {
	meaning meaning
	phrases *regexp.Regexp
}

var compiledRules = compileRules()

func compileRules() []compiledRule {
	rules := make([]compiledRule, len(wordRules))
	for i, rule := range wordRules {
		rules[i] = compiledRule{rule.meaning, regexp.MustCompile(`(?s)` + strings.Join(rule.phrases, "|"))}
	}
	return rules
}

// forNow are words by which something that looks like the end of a mailbox is not.
var forNow = regexp.MustCompile(`temporar|\btemp\b|try (it )?(again )?later|at this time|at the moment|currently|for now|vorübergehend|momentan|temporaire|temporal|temporan|временно|一時的|暂时`)

var (
	anyAddress = regexp.MustCompile(`<[^<>\s]*@[^<>\s]*>|[^\s<>()\[\]:;,"'=]+@[^\s<>()\[\]:;,"']+`)
	anyCode    = regexp.MustCompile(`(^|[^\d.])[245]\d\d[ :-]+([245]\.\d{1,3}\.\d{1,3})?|#?[245]\.\d{1,3}\.\d{1,3}\b`)
	saidByHost = regexp.MustCompile(`\bhost:? [\w-]+\.[\w.-]+( ?\[[\d.:a-f]+\]( \([^)]*\))?( said)?:?| said:?|:)`)
)

// maxWords is how much of a reply is read: the longest known ones have some 500 bytes. It bounds the time, some 10 ms.
const maxWords = 1000

// plainWords is the text of a reply without addresses, codes and the names of hosts, which may look like words: mx.blocklist.example.
func plainWords(text string) string {
	text = strings.ToLower(strings.ToValidUTF8(text[:min(len(text), maxWords)], " "))
	text = anyAddress.ReplaceAllString(text, " ")
	text = saidByHost.ReplaceAllString(strings.ReplaceAll(text, "primary target ip address responded with", " "), " ") // Exchange Online
	text = anyCode.ReplaceAllString(text, " ")
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "’", "'")), " ")
}

// certain are words by which a host that took the recipient and refuses the message means the mailbox. Without them it may be the recipient's own filter: KDDI and
// docomo answer "Unknown user" to the message then.
var certain = regexp.MustCompile(`(does not|doesn't|do not|don't|not) (exist|have)|no longer|disabled|deleted|deactivated`)

// meaningAfterData is meaningOf for the reply to a message whose recipient was accepted.
func meaningAfterData(text string) meaning {
	says := meaningOf(text)
	if says == gone && !certain.MatchString(plainWords(text)) {
		return refusesNow
	}
	return says
}

// meaningOf returns what the text of a reply says about the recipient.
func meaningOf(text string) meaning {
	words := plainWords(text)
	if !strings.ContainsFunc(words, unicode.IsLetter) {
		return silent
	}
	for _, rule := range compiledRules {
		if !rule.phrases.MatchString(words) {
			continue
		}
		if rule.meaning == gone && forNow.MatchString(words) {
			return refusesNow
		}
		return rule.meaning
	}
	return unclear
}
