package text

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// numericDay is a day in digits, in the orders of all countries.
	numericDay = regexp.MustCompile(`\b\d{1,2}(?:\. ?|/|-)\d{1,2}(?:\. ?|/|-)(?:\d{4}|\d\d)\b|\b\d{1,2}\. ?\d{1,2}\.|` +
		`\b\d{4}[./-] ?\d{1,2}[./-] ?\d{1,2}\b|` +
		`\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]`)

	// wordyDay is a day with a word beside it that may be a month: in front or behind, with or without a year. Its year may be on the next line. The month is the
	// first group or the third, the year the second or the fourth; the first form, with two numbers, and the last, with the year in front, have none.
	wordyDay = regexp.MustCompile(`(?i)\b\d{1,2} \pL+ \d{1,2},? ` + aYear + `|\b\d{1,2}(?:\.|st|nd|rd|th|er|º)?[ -](?:de |of )?(\pL[\pL\pM.]{1,10}[\pL\pM])\.?(?:,? (?:de )?(` + aYear + `)\b|` +
		`-\d\d(?:\d\d)?\b)?|` +
		`\b(\pL{3,12})\.?[ -]\d{1,2}\b(?:st|nd|rd|th)?(?:,? (` + aYear + `))?|` +
		`\b` + aYear + `\.? \pL{3,12}\.? \d{1,2}\b`)
)

// months are the beginnings of the names of months, and their abbreviations, in the languages of Europe and Turkish.
var months = strings.Fields(`jan ene gen led янв січ oca ian feb fev fév lut úno фев лют şub mär mar mrz mrt bře мар бер már apr avr abr kwi dub апр кві nis ápr maj mai mei may mag kvě мая тра máj
	jun juin giu cze čer июн чер haz iun jún jul juil lug lip июл tem iul júl aug ago aoû aou sie srp авг сер ağu sep set wrz zář сен вер eyl okt oct out ott paź říj окт жов eki
	nov noi ноя kas dec dez des dic déc gru pro дек гру ara tam hel maa huh tou kes hei elo syy lok mars`)

func isMonth(word string) bool {
	word = strings.ToLower(word)
	return slices.ContainsFunc(months, func(begin string) bool { return strings.HasPrefix(word, begin) })
}

// findDate returns where the first day of a text is, or nil: in digits, with a month in words, or with any word beside a year.
func findDate(text string) []int {
	day := numericDay.FindStringIndex(text)
	for from := 0; from < len(text); {
		at := wordyDay.FindStringSubmatchIndex(text[from:])
		if at == nil || day != nil && from+at[0] >= day[0] {
			break
		}
		word, year := at[2:4], at[4:6]
		if word[0] < 0 {
			word, year = at[6:8], []int{-1, -1} // in front of the day only a month counts
		}
		if word[0] < 0 || year[0] >= 0 || isMonth(text[from+word[0]:from+word[1]]) {
			return []int{from + at[0], from + at[1]}
		}
		if at[6] >= 0 {
			from += at[7] // the day may belong to the next word
		} else {
			from += at[2]
		}
	}
	return day
}

// withoutDates replaces the days of a text by spaces.
func withoutDates(text string) string {
	var out strings.Builder
	for range maxDates {
		at := findDate(text)
		if at == nil {
			break
		}
		out.WriteString(text[:at[0]] + " ")
		text = text[at[1]:]
	}
	return out.String() + text
}

// maxDates is how many days of a text are looked at: an attribution has one, or two where a program gives it twice.
const maxDates = 4
