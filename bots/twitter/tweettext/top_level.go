package tweettext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// topLevel is a top-level domain at the beginning of a text; its size is 0 if there is none.
type topLevel struct{ size int }

// longestDomain is the longest top-level domain in letters, in its own script.
const longestDomain = 24

// topLevelOf returns the longest top-level domain with which a text begins. A letter of another alphabet may follow it.
func topLevelOf(text string) topLevel {
	if len(text) > 4 && strings.EqualFold(text[:4], "xn--") {
		if size := asciiSize(text[4:], true); size > 0 {
			return topLevel{4 + size}
		}
	}
	if size := asciiSize(text, false); size > 0 && endsDomain(text[size:]) && isDomain(text[:size]) {
		return topLevel{size}
	}
	longest, foreign := 0, false
	for at, letters := 0, 0; at < len(text) && letters < longestDomain; letters++ {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			break
		}
		at += size
		foreign = foreign || r >= utf8.RuneSelf
		if foreign && endsDomain(text[at:]) && isDomain(text[:at]) {
			longest = at
		}
	}
	return topLevel{longest}
}

// asciiSize returns the length of the letters at the beginning of a text, or of letters, digits and hyphens.
func asciiSize(text string, more bool) int {
	for i := range len(text) {
		letter := text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z'
		if !letter && !(more && (text[i] == '-' || text[i] >= '0' && text[i] <= '9')) {
			return i
		}
	}
	return len(text)
}

// endsDomain reports whether a top-level domain may end before a text.
func endsDomain(rest string) bool {
	return rest == "" || rest[0] != '@' && rest[0] != '+' && rest[0] != '-' && !asciiAlphanumeric(rune(rest[0]))
}

// isDomain reports whether a top-level domain exists, or existed when X's library was published.
func isDomain(name string) bool {
	ascii, err := idna.ToASCII(strings.ToLower(name))
	if err != nil || ascii == "" {
		return false
	}
	if _, known := publicsuffix.PublicSuffix(ascii); known {
		return true
	}
	// Of some countries the list has only *.ck.
	_, known := publicsuffix.PublicSuffix("example." + ascii)
	return known || retiredDomains[ascii]
}

// newDomain reports whether a host's top-level domain is newer than X's library, which makes no links of it. Whether X does is
// not known.
func newDomain(host string) bool {
	ascii, err := idna.ToASCII(strings.ToLower(host[strings.LastIndexByte(host, '.')+1:]))
	return err != nil || newDomains[ascii]
}

var newDomains = set("amazon kids music spa xn--4dbrk0ce xn--cckwcxetd xn--jlq480n2rg")

// retiredDomains were removed from the root zone after X's library was published (https://www.iana.org/domains/root/db).
var retiredDomains = set(`
	abarth active adac afamilycompany aigo alfaromeo an avianca bananarepublic bentley bl blanco bnl boots bq budapest bugatti
	cancerresearch cartier caseih cbs ceb chloe chrysler cityeats comcast cookingchannel csc dabur dodge doha doosan duck dunlop
	duns eh epost esurance etisalat everbank fiat flsmidth foodnetwork frontdoor fujixerox glade goodhands guardian hgtv
	honeywell hoteles htc iinet intel iselect iveco iwc jcp jlc kerrylogistics kinder ladbrokes lancaster lancia lancome liaison
	linde lipsy lixil loft lupin macys maserati mcd mcdonalds meo metlife mf mobily montblanc mopar movistar mtpc mutual mutuelle
	nadex nationwide natura newholland northwesternmutual off oldnavy onyourside orientexpress pamperedchef panerai passagens
	piaget pramerica qvc raid redstone rightathome rmit rocher sapo sca scjohnson scor ses shaw showtime shriram spiegel
	spreadbetting srt starhub statoil swiftcover symantec telecity telefonica tiffany tp travelchannel uconnect um vista
	vistaprint volkswagen vuelos warman xfinity xn--3oq18vl8pn36a xn--estv75g xn--jlq61u9w7b xn--kpu716f xn--mgbaakc7dvf xn--
	mgbb9fbpob xn--pbt977c xperia zippo
`)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(words) {
		all[word] = true
	}
	return all
}
