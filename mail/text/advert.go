package text

import (
	"regexp"
	"slices"
	"strings"
)

// What mail programs and phones call themselves, and how they say in 25 languages that they have sent a mail, or where to get them.
const (
	aProgram = `(?:iphon\pL*|ipad\pL*|ipod|apple watch|android|samsung|galaxy|huawei|xiaomi|redmi|pixel|htc|nokia|lumia|xperia|motorola|oneplus|` +
		`fairphone|blackberry|windows phone|windows mail|windows|ios|` +
		`outlook|hotmail|yahoo|aol|gmail|gmx|web\.de|t-online|freenet|posteo|mailbox|proton ?mail|tutanota|tuta|fairemail|bluemail|k-9|` +
		`thunderbird|spark|mailbird|airmail|newton|edison|` +
		`zoho|acompli|boxer|canary|typeapp|mail\.ru|yandex|qq ?mail|qq邮箱|网易|foxmail|mail app|mail-app|mail (?:pour|for|für|per|voor|till|til|` +
		`para) \pL+)`
	aPhoneWord = `(?:smartphone|handy|tablet|mobile?|mobilgeräte?|phone|telefoon|telefon|telefono|téléphone|teléfono|portable|terminal|device|` +
		`gerät|appareil|dispositivo|enhed|enhet|apparaat|urządzeni\pL*|zařízení|cihaz\pL*|устройств\pL*|телефон\pL*)`
	sending = `(?:sent|gesendet|geschickt|versendet|versandt|verschickt|geschrieben|verfasst|envoyée?|enviad[oa]|inviat[oa]|verzonden|` +
		`verstuurd|sendt|skickat|skickades|skickad|skrivet|skrevet|wysłan[oaey]?|` +
		`odesláno|odeslané|odoslané|odoslaná|lähetetty|gönderildi|отправлено|отправлена|надіслано|послано|послато|изпратено|trimis|elküldve|küldve|` +
		`poslano|poslato|enviat|مرسل|στάλθηκε|εστάλη|saadetud|nosūtīts|išsiųsta|đã gửi|gửi từ|dikirim)`
	getting = `(?:get|download|hole? dir|holen sie sich|laden sie|lade dir|téléchargez|télécharger|obtenez|obtenir|obtener|obtén|scarica|ottieni|` +
		`ottenere|haal|ophalen|hent|få|hämta|skaffa|pobierz|uzyskaj|získat|` +
		`stáhnout|obter|obtenha|baixe|transferir|lataa|hanki|скачать|скачайте|получить|отримати)`
	byWhich = `(?:from|von|vom|de|de pe|pe|depuis|à partir|a partir|avec|desde|da|do|dal|con|com|através|via|tramite|vanaf|vanuit|met|van|az?|iz|` +
		`fra|med|från|z|ze|zo|za|przez|přes|cez|с|из|от|з|із|von mein\pL*|using|with|mit|über|by|on|wirelessly|sans fil|din|aus|s|sa|са|des del|من)`
)

// adverts are lines that mail programs add below a text.
var adverts = []*pattern{
	compile(`(?i)^(?:(?:this|diese[rs]?|ce|este|dit|den här|denne|questa|ta) [\pL-]{2,15} (?:was|is|wurde|a été|fue|ha sido|is|er|blev|` +
		`ble|è stata) )?` + sending + ` ` + byWhich + ` .{0,80}(?:` + aProgram + `|` + aPhoneWord + `)\b.{0,100}$`),
	compile(`(?i)^(?:(?:this|diese[rs]?|ce|este|dit|den här|denne) [\pL-]{2,15} (?:was|is|wurde|a été|fue|er|blev|` +
		`ble) )?` + byWhich + ` .{0,80}(?:` + aProgram + `|` + aPhoneWord + `)\b.{0,60} ` + sending + `[.!]?$`),
	compile(`(?i)^` + getting + ` .{0,20}` + aProgram + `\b.{0,20} (?:for|für|pour|para|per|voor|til|för|dla|pro|для|på|auf|sur|` +
		`on) .{1,100}$`),
	compile(`(?i)^(?:outlook|yahoo mail|proton ?mail|mail) (?:für|for|pour|para|per|voor|til|för|dla|pro|для) (?:ios|android|windows|` +
		`mac|iphone|ipad|mobil).{0,100}$`),
	compile(`(?i)^(?:στάλθηκε|εστάλη|تم الإرسال|أرسلت|أُرسلت|נשלח|lähetetty|saadetud|išsiųsta|đã gửi|` +
		`dikirim)\s?.{0,40}` + aProgram + `.{0,40}$`),
	// In these the words around are enough, whatever the device is called.
	compile(`(?i)^(?:sent from (?:my|mail for|the|an?) .{1,70}|gesendet von mein\pL* .{1,70}|von mein\pL* .{1,60} (?:gesendet|` +
		`geschickt)[.!]?|diese nachricht wurde von mein\pL* .{1,60} gesendet\.?|` +
		`(?:gesendet|erstellt) (?:mit|über|via) .{1,70}|envoyé (?:de|depuis) .{1,60}|enviad[oa] (?:desde|do|da) .{1,60}|inviato (?:da|dal) .{1,60}|` +
		`(?:verzonden|verstuurd) vanaf .{1,60}|sendt fra .{1,60}|skickat från .{1,60}|wysłan[oe] z .{1,60}|` +
		`odesláno z .{1,60}|отправлено (?:с|из) .{1,60}|надіслано (?:з|із|від) .{1,60}|посла(?:то|но) (?:с|са|од|от) .{1,60}|lähetetty \pL*(?:iphon|ipad|android|puheli)\pL*)$`),
	compile(`(?i)^(?:from|von|vom|depuis|desde|da|vanaf|fra|från) (?:my|mein\pL*|mon|mi|mijn|min|mio) ` + aProgram + `.{0,20}$|` +
		`^(?:mobil|(?:von )?unterwegs) (?:gesendet|verschickt|geschrieben)[.!]?$|` +
		`^(?:gesendet|verschickt|geschickt|geschrieben) (?:von unterwegs|unterwegs|mobil|vom (?:handy|smartphone|tablet))\b.{0,80}$`),
	compile(`(?i)^(?:yahoo|aol|gmx|web\.de|proton) mail: .{1,60}$|^[\pL-]{2,20} powered by .{1,100}$`),
	compile(`(?i)^(?:(?:please )?excuse (?:my brevity|any typos|typos|the brevity).{0,60}|` +
		`(?:bitte )?entschuldigen? sie (?:bitte )?(?:die|meine) kürze\.?|excusez (?:ma|la) brièveté.{0,40})$`),
	compile(`(?i)^(?:virenfrei|virus-free|sans virus|libre de virus|virusvrij|privo di virus|senza virus)\b.{0,60}$`),
	compile(`(?i)^(?:diese e-mail wurde|this e-?mail has been|this message has been|cet e-?mail a été|el software de antivirus|` +
		`dit e-?mailbericht is|questa e-?mail è stata|den här e-?post).{0,80}(?:avast|virus|viren|malware).{0,80}$`),
}

// adverts with the program in front, for which it takes long to look; each of them has one of these words.
var (
	advertsLast = regexp.MustCompile(`(?i)^.{0,40}(?:` + aProgram + `.{0,20}(?:から送信|에서 보냄|(?:['’]?[dt][ae]n |ımdan )gönderildi|-?r[óő]l küldve)|www\.(?:avast|` +
		`avg)\.com.{0,80})$|^(?:发自|發自|寄自|从|從).{0,40}(?:iphone|ipad|android|手机|手機|邮箱|发送|傳送|` + aProgram + `).{0,20}$`)
	advertsLastHave = []string{"送信", "보냄", "gönderildi", "küldve", "发", "發", "寄", "从", "從", "www."}
)

// sentFrom is an advertisement of a program that nobody listed.
var sentFrom = regexp.MustCompile(`^(?i:sent (?:from|via|with|using)|gesendet (?:mit|über|via|von)|envoyé (?:avec|depuis)|enviado (?:con|com)|` +
	`inviato con|verzonden met) \p{Lu}[\pL.-]*(?: [\pL.-]+){0,2}[.!]?$`)

// pictureLine stands in place of a picture in the plain text.
var pictureLine = regexp.MustCompile(`(?i)^(?:\[cid:[^\]]*\]|\[(?:image|bild|inline image|imagen|immagine|afbeelding|foto|logo|photo|picture|` +
	`obraz|obrázek|рисунок)\b[^\]]*\]|<?(?:image|bild|img)\d*\.(?:png|jpe?g|gif)>?|!\[[^\]]*\]\([^)]*\)|[\s|]+)+$`)

// minAdvert is the length of the shortest advertisement, in bytes.
const minAdvert = 10

// advertisement recognises such a line. What is below it may be the author's name, or the rest of the report.
func advertisement(c cursor) (int, action) {
	line := strings.Trim(c.line(), " *_[]()<>-–—|•")
	if len(line) < minAdvert {
		return 0, keep
	}
	if slices.ContainsFunc(adverts, func(a *pattern) bool { return a.MatchString(line) }) {
		return 1, cutAdvert
	}
	if sentFrom.MatchString(line) && !isStop(line) && !isStop(line[strings.LastIndexByte(line, ' ')+1:]) {
		return 1, cutAdvert
	}
	if slices.ContainsFunc(advertsLastHave, func(word string) bool { return strings.Contains(line, word) }) && advertsLast.MatchString(line) {
		return 1, cutAdvert
	}
	return 0, keep
}

// picture recognises a line that only stands for a picture: its name may have an address in it.
func picture(c cursor) (int, action) {
	if line := c.line(); line != "" && strings.ContainsAny(line[:1], "[<!ibIB") && pictureLine.MatchString(line) {
		return 1, cutLine
	}
	return 0, keep
}
