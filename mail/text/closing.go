package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// closing is a complimentary close in the languages of Europe, Turkish, Japanese and Chinese. A name of up to three words may follow in the line.
var closing = regexp.MustCompile(`(?i)^(((vielen |besten )?dank[e]?|moin|servus|hallo|thanks|merci|grazie|gracias|gru(ß|ss)) (und|&|and|et|e|y) )?(` +
	formalClosing + `|` +
	`(mit |und )*((ganz |recht |aller)?(best|lieb|herzlich|viel|schön|nett|sonnig|warm)(e[nmr]?|ster?|s|i) |\pL{3,20}e[nr]? (und )?){0,2}(gr(ü|ue|üe|u)(ß|ss)(e?n?|l[ei]|chen)|gru(ß|ss)( und dank)?|gr(ü|` +
	`üe|ue)ss?li)|` +
	`g?v?lg|glg|vg|bg|hg|sg|herzlichst|bis (bald|dann|später|denne|morgen|demnächst)|ciao|tsch(ü|ue)(ss|ß)(i|chen)?|tschau|tschö|servus|ade|adieu|` +
	`bb|cu|cya|bussi|bussis|baba|pfiat (di|eich|enk|euch)|bleib(t)? (gesund|wachsam|stabil)|pass(t)? auf (euch|dich)( auf)?|mach(t)?('s|s| es)? gut|` +
	`beste|(einen? )?(schönen|guten|angenehmen) (tag|abend|morgen|nachmittag|sonntag|samstag|feierabend|start)( noch| (dir|euch|ihnen|` +
	`allen))*( wünscht)?|(noch )?(einen? )?schönen (tag|abend)|schönes wochenende|alles (gute|liebe)|` +
	`best wishes|best|cheers|take care|all the best|love|xo(xo)?|xx|br|kr|rgds|thx|bye( bye)?|see (you|ya)|talk soon|warmly|yours|(have a )(nice|` +
	`good|great) (day|evening|weekend|one)|` +
	`(\pL+ )?greetings|amicalement|bises|biz|bisous|à (bientôt|plus( tard)?)|(bonne|belle|excellente|douce) (journée|soirée|fin de journée|semaine)|` +
	`groet(en|jes)?|groetjes|gr|liefs|fijne dag( nog)?|tot ziens|doei|` +
	`(un )?((cari|caro|tanti|\pL+) )?salut[io]|un abbraccio|a presto|buona (giornata|serata)|` +
	`(un )?saludos?|salud|un abrazo|abrazos|besos|hasta (luego|pronto)|abraços?|um abraço|beijos|até (logo|breve|mais)|` +
	`(de )?(bästa |varma |kärleksfulla )?hälsning(ar)?|(de |mange )?(\pL+ )?(hilsen|hilsner)|kh|vh|mvh|ha det( bra|` +
	` godt)?|hej ?då|hej hej|kram|klem|` +
	`(\pL+ )?(pozdrav\pL*|поздрав\pL*)|pozdr\.?|pozdrowienia|pozdrawiam|na razie|zdraví(m)?|hezký den|měj(te)? se|ahoj|` +
	`sevgiler|selamlar|iyi (günler|akşamlar)|hoşça kal(ın)?|kolay gelsin|` +
	`всего (доброго|хорошего)|до свидания|пока|удачи|üdv(özlettel)?|terveisin|t\.|בברכה|(مع )?(أطيب )?(ال)?تحيات?ي?|以上|祝好|此致|敬礼|敬禮|よろしくお願い(いた|致)?します。?` +
	`)` + named)

// formalClosing is followed by a signature more often than not.
const formalClosing = `(mit )?(((ganz |recht )?freundlich(e[nmr]?|ster?)|best(en|em|e)|vorzüglichen|kollegialen) )(gr(ü|ue)(ß|ss)e?n?|gru(ß|ss)|` +
	`empfehlungen)|hochachtungsvoll|mfg|m\.f\.g\.|` +
	`(with )?((my )?(very )?(best|kind|kindest|warm|warmest|many) )?regards|(with )?(best|kind) wishes|(yours )?(sincerely|faithfully|truly|` +
	`respectfully|cordially)( yours)?|respectfully|` +
	`((bien|très) )?cordialement|bien à (vous|toi)|((mes|nos|bien) )?((meilleures|sincères) )?salutations( distinguées)?|sincèrement|respectueusement|` +
	`(met )?(vriendelijke|hartelijke|beste) groet(en)?|mvg|hoogachtend|` +
	`((cordiali|distinti) )saluti|cordialmente|` +
	`(un )?(cordial(es)?|atentos?) saludos?( cordial(es)?)?|(un )?saludos? cordial(es)?|atentamente|atte\.?|cordialmente|` +
	`atenciosamente|(com os (melhores|meus) )?(melhores )?cumprimentos|att\.?|` +
	`(med )?(vänlig(a)?|vennlige?|venlige?) (hälsning(ar)?|hilsen|hilsner)|med hilsen|vänligen|` +
	`z poważaniem|(serdecznie |serdeczne )?(pozdrawiam|pozdrowienia)( serdecznie)?|z wyrazami szacunku|` +
	`s (přátelským |pozdravem|pozdravom|úctou|úctou )?(pozdravem|pozdravom)?|` +
	`saygılar(ım(la|ız))?|saygılarımızla|с уважением|с наилучшими пожеланиями|з повагою|(ystävällisin |parhain )terveisin|tisztelettel|cu (stimă|` +
	`respect)|με εκτίμηση`

var formal = regexp.MustCompile(`(?i)^(?:` + formalClosing + `)[^\pL\d]*$`)

// thanks are a closing only if nothing but a name follows.
var thanks = regexp.MustCompile(`(?i)^(danke( schön| dir| euch)?|(vielen|besten|herzlichen) dank( im voraus)?|(many )?thanks( (a lot|again|` +
	`in advance))?|thank you( very much)?|thx|ty|` +
	`merci( beaucoup| d'avance)?|bedankt|dank u?|grazie( mille)?|(muchas )?gracias|obrigad[oa]|tack( så mycket)?|mange tak|tak|tusen takk|takk|` +
	`dziękuję|dzięki|děkuji|díky|ďakujem|teşekkürler|` +
	`спасибо|дякую|köszönöm|köszi|kiitos|ありがとうございます|谢谢|謝謝)` + named)

// named is what may follow in the same line: one word, or up to six with capitals, and words between them. "Best exit: zoo" is no closing.
const named = `( aus( der| dem)? \S+)?[^\pL\d:]*([\s,*_](von |euer |eure |dein |deine |your )?` +
	`([\pL.'’-]+|(?-i:` + nameWord + `)((,? | & )(?-i:` + nameWord + `|und|and|et|y|e|i|og|och|en|a)){1,5}))?(,? \([^()\d]{1,30}\))?[,.!]?[^\pL\d:]*$`

var (
	postscript = regexp.MustCompile(`(?i)^p\.? ?p?\.?s\b`)
	aName      = regexp.MustCompile(`^[*_]{0,2}` + nameWord + `(([ ,]+| & )(` + nameWord + `|und|and|et|y|e|i|og|och|en)){0,4}( \([^()\d]{1,30}\))?[,.]?[*_]{0,2}[^\pL\d:@]*$`)
)

const nameWord = `(\p{Lu}[\pL.'’-]*|[\p{Hebrew}\p{Arabic}]{2,20}|d['’]\p{Lu}\pL*|von|van|vom|zu|de|der|den|di|da|la)`

// isName reports whether a line may be a person's name: up to four words that begin with capitals.
func isName(line string) bool {
	return aName.MatchString(line) && utf8.RuneCountInString(line) <= maxNameLine
}

// withoutNameBelowAdvert cuts all lines below an advertisement if they may be the author's name and address.
func withoutNameBelowAdvert(a answer) []string {
	if a.advert >= 0 && a.isNameBlock(a.lines[a.advert:], maxBelowAdvert, firstFilled(a.lines[:a.advert]) == "") {
		return a.lines[:a.advert]
	}
	return a.lines
}

// withoutClosing cuts a closing at the end and the name below it. A postscript stays.
func withoutClosing(a answer) []string {
	end := len(a.lines)
	for i := end - 1; i >= 0 && end-i <= maxSignature; i-- {
		if postscript.MatchString(strings.TrimSpace(a.lines[i])) {
			end = i
		}
	}
	begin := -1
	for i := end - 1; i >= 0 && end-i <= maxSignature; i-- {
		if a.beginsClosing(i, end) {
			begin = i
		}
	}
	if begin < 0 {
		return a.withoutSignedLine()
	}
	return append(a.lines[:begin:begin], a.lines[end:]...)
}

// withoutSignedLine cuts closings with a name in the same line, where what follows is the rest of the report.
func (a answer) withoutSignedLine() []string {
	for i := len(a.lines) - 1; i > a.first() && len(a.lines)-i <= maxSignature; i-- {
		line := strings.TrimSpace(a.lines[i])
		if utf8.RuneCountInString(line) <= maxNameLine && signed.MatchString(line) && !isStop(line) {
			return append(a.lines[:i:i], a.lines[i+1:]...)
		}
	}
	return a.withoutClosingInLine()
}

// closingInLine is a short closing behind the last sentence of a report, with a name or without.
var closingInLine = regexp.MustCompile(`(?:\s*[,;–—-]+\s*|([.!?…)]+)\s*)(?i:(?:(?:vielen )?danke? (?:und|&) )?(?:g?v?lg|vg|mfg)|(?:(?:vielen )?danke? (?:und|&) )?(?:viele |liebe |beste |herzliche |schöne )?gr(?:ü|ue)(?:ß|ss)e|` +
	`(?:(?:vielen )?danke? (?:und|&) )?(?:lieber |schöner )?gru(?:ß|ss)|(?:kind |best )?regards|cheers)(?:$|[ ,!.])[ ,!.]{0,3}(\p{Lu}[\pL.-]*(?: \p{Lu}[\pL.-]*)?|\p{Ll}{2,12})?[.!]?$`)

// withoutClosingInLine cuts one off the last line. The mark behind the sentence stays, if it is one of its end.
func (a answer) withoutClosingInLine() []string {
	last := a.last()
	if last < 0 {
		return a.lines
	}
	line := strings.TrimRight(a.lines[last], " \t")
	begin := max(0, len(line)-maxMarker)
	end := line[begin:]
	at := closingInLine.FindStringSubmatchIndex(end)
	if at == nil || begin+at[0] == 0 || at[4] >= 0 && isStop(end[at[4]:at[5]]) {
		return a.lines
	}
	return append(a.lines[:last:last], line[:begin+max(at[0], at[3])])
}

// signed is a closing of the short kind with a name that begins with a capital.
var signed = regexp.MustCompile(`^(?i:g?v?lg|glg|mfg|vg|hg|(?:viele |liebe |beste |herzliche )?gr(?:ü|ue)(?:ß|ss)e|(?:lieber |schöner )?gru(?:ß|` +
	`ss)|(?:kind |best )?regards|cheers),? (\p{Lu}\pL+)( \p{Lu}[\pL.-]*)?[.!]?$`)

// beginsClosing reports whether line i is a closing and those below, up to end, may be the author's name and signature.
func (a answer) beginsClosing(i, end int) bool {
	line := strings.TrimSpace(a.lines[i])
	if line == "" || utf8.RuneCountInString(line) > maxClosingLine {
		return false
	}
	below, alone := a.lines[i+1:end], firstFilled(a.lines[:i]) == ""
	switch {
	case thanks.MatchString(line) && utf8.RuneCountInString(line) <= maxNameLine:
		return a.isNameBlock(below, maxBelowClosing, true) || !alone && (a.isSignature(below, false) || endsInComma(line) && isOneWord(below))
	case closing.MatchString(line):
		return a.isNameBlock(below, maxBelowClosing, alone) || !alone && a.isSignature(below, formal.MatchString(line))
	case !alone && endsInComma(line) && i > 0 && strings.TrimSpace(a.lines[i-1]) == "":
		// In any language: a few words and a comma above nothing but a name.
		last := filled(below)
		return len(last) == 1 && isName(last[0]) && !isStop(last[0]) && !isStop(line) && len(strings.Fields(line)) <= 4
	}
	return false
}

// isOneWord reports whether the lines are nothing but a word in small letters, as people write their own names in haste.
func isOneWord(lines []string) bool {
	lines = filled(lines)
	return len(lines) == 1 && oneWord.MatchString(lines[0]) && !isStop(lines[0])
}

var oneWord = regexp.MustCompile(`^\pL[\pL.'’-]{1,20}$`)

func endsInComma(line string) bool {
	r, _ := utf8.DecodeLastRuneInString(line)
	return strings.ContainsRune(",،，、", r)
}

// isSignature reports whether the lines below a closing are a signature of any length: a number or an address is in it, and no sentence above that. Below
// a formal closing a name is enough, unless sentences with a full stop follow.
func (a answer) isSignature(lines []string, formally bool) bool {
	for n, line := range filled(lines) {
		switch {
		case a.contact(line) == reachable, n > 0 && isRule(line, 2), n > 1 && formally:
			return true
		case n == 0 && !isName(line) && a.contact(line) == noContact && !isRole(line) && !isRule(line, 2):
			return false
		case isSentence(line) && (!isRole(line) || strings.HasSuffix(line, ".")) && a.contact(line) == noContact && (!formally || strings.ContainsAny(line[len(line)-1:], ".!?")):
			return false
		}
	}
	return formally
}

// isNameBlock reports whether up to limit lines may be a name and an address, with no sentence among them. Strictly, they must be names only:
// where nothing else is in the mail, other lines may be the report.
func (a answer) isNameBlock(lines []string, limit int, strictly bool) bool {
	lines = filled(lines)
	if len(lines) > limit || len(lines) > 0 && isStop(lines[0]) && a.contact(lines[0]) == noContact {
		return false // more of the report: a name would be first
	}
	for _, line := range lines {
		contact := a.contact(line)
		if contact != noContact && !strictly || contact == reachable && !isName(line) {
			continue
		}
		if utf8.RuneCountInString(line) > maxNameLine || isSentence(line) || strictly && (!isName(line) || isStop(line)) && !closing.MatchString(line) {
			return false
		}
	}
	return true
}

// isSentence distinguishes five words, or three with small letters, from a name, a role or an address.
func isSentence(line string) bool {
	words, capitals := 0, 0
	for word := range strings.FieldsSeq(line) {
		if strings.IndexFunc(word, unicode.IsLetter) >= 0 {
			words++
		}
		if first, _ := utf8.DecodeRuneInString(word); unicode.IsUpper(first) {
			capitals++
		}
	}
	first, _ := utf8.DecodeRuneInString(line)
	small := unicode.IsLower(first) || capitals < 2
	return words >= 5 && (3*capitals < 2*words || isStop(line)) || words >= 3 && small && !strings.HasPrefix(line, "i.") && !closing.MatchString(line)
}
