package censor

import (
	"strings"
	"testing"
)

// TestEntryFinds evaluates one entry as a trigger and as a blocked word. Want is what finds the text: "both", "neither", or
// "blocked" if only a guarded list does.
func TestEntryFinds(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, entry, text, want string }{
		{"a word finds itself", "kontrolle", "kontrolle", "both"},
		{"case does not matter", "KontrollE", "kONTROLLe", "both"},
		{"a word is not found inside another", "kontrolle", "kontrolleur", "neither"},
		{"a word is not found at another's end", "halt", "Aufenthalt", "neither"},
		{"a word is found after a false start", "kontrolle", "kontroll kontrollekontrolle kontrolle", "both"},
		{"digits belong to the word after", "u8", "u80", "neither"},
		{"digits belong to the word before", "u8", "xu8", "neither"},
		{"punctuation separates", "u8", "(U8),", "both"},
		{"a word finds the hashtag", "u8", "#u8", "both"},
		{"a hashtag finds the hashtag", "#kontrolle", "jetzt #Kontrolle!", "both"},
		{"a hashtag does not find the word", "#kontrolle", "jetzt kontrolle", "neither"},
		{"an underscore separates", "u8", "#u8_kontrolle", "both"},
		{"an apostrophe separates", "steht", "steht’s", "both"},
		{"a typographic apostrophe is an apostrophe", "geht's", "geht’s noch", "both"},

		{"a star finds longer words", "kontroll*", "Kontrolleure", "both"},
		{"a star finds the word itself", "kontroll*", "ein kontroll!", "both"},
		{"a star at the end finds nothing in front", "kontroll*", "Fahrkartenkontrolle", "neither"},
		{"a star in front finds compound words", "*kontrolle", "Fahrkartenkontrolle", "both"},
		{"a star in front needs the word's end", "*kontrolle", "Fahrkartenkontrolleur", "neither"},
		{"stars at both ends find the middle", "*kontroll*", "Fahrkartenkontrolleur", "both"},
		{"a star in front finds the word itself", "*kontrolle", "(Kontrolle)", "both"},
		{"a star works with umlauts", "*prüf*", "Fahrkartenpruefer", "both"},
		{"a star works with phrases", "*str kontroll*", "Hauptstr. Hermannstr-Kontrolleure", "both"},
		{"a star works in Cyrillic", "контрол*", "Контролёры", "both"},
		{"a star works with hashtags", "#kontroll*", "#KontrolleU8", "both"},
		{"a star with look-alikes", "*nazi*", "Neonаzіs", "blocked"},
		{"a star inside is a star", "kon*lle", "kontrolle", "neither"},
		{"a star inside finds a star", "kon*lle", "kon*lle", "both"},

		{"a capital separates words", "kontrolle", "KontrolleU8", "both"},
		{"a capital separates words of a hashtag", "kontrolle", "#KontrolleAlex", "both"},
		{"a capital separates the hashtag", "#kontrolle", "#KontrolleAlex", "both"},
		{"a capital begins a word", "u8", "#kontrolleU8", "both"},
		{"a capital separates a phrase", "kontrolle u8", "#KontrolleU8", "both"},
		{"a capital after a digit begins a word", "alex", "#U8Alex", "both"},
		{"the last of several capitals begins a word", "kontrolle", "BVGKontrolle", "both"},
		{"joined words find themselves", "kontrolleu8", "KontrolleU8", "both"},
		{"a capital umlaut separates", "überall", "KontrolleÜberall", "both"},
		{"an umlaut in joined words", "tür", "TuerKontrolle", "both"},
		{"Cyrillic capitals separate", "контроль", "КонтрольМетро", "both"},
		{"capitals alone separate nothing", "kontrolle", "KONTROLLEU8", "neither"},
		{"small letters separate nothing", "kontrolle", "kontrolleu8", "neither"},
		{"look-alikes in joined words", "nazi", "NаzіU8", "blocked"},

		{"a phrase finds itself", "kotti u8", "am Kotti U8", "both"},
		{"a phrase needs its order", "kotti u8", "U8 Kotti", "neither"},
		{"white space runs are one space", "kotti  u8", "kotti \t\r\n\u00a0u8", "both"},
		{"a hyphen stands for a space", "rosenthaler platz", "Rosenthaler-Platz", "both"},
		{"a space stands for a hyphen", "u-bahn", "U Bahn", "both"},
		{"any dash is a hyphen", "u-bahn", "U – Bahn", "both"},
		{"an underscore stands for a space", "alexander platz", "#alexander_platz", "both"},
		{"a hyphen does not stand for nothing", "u-bahn", "ubahn", "neither"},
		{"a comma between the words is not skipped", "kotti u8", "Kotti, U8", "neither"},
		{"a phrase is found behind its own beginning", "a b c", "a b a b c", "both"},
		{"a suffix of a phrase that fails is found", "b d", "a b d", "both"},
		{"punctuation in an entry is asked for", "14/88", "14 88", "neither"},
		{"an entry of punctuation is found anywhere", "!!", "kontrolle!!", "both"},

		{"ß is ss", "Straße", "STRASSE", "both"},
		{"ss is ß", "strasse", "Straße", "both"},
		{"capital ß is ss", "strasse", "STRAẞE", "both"},
		{"ö finds o", "Görlitzer", "gorlitzer", "both"},
		{"ö finds oe", "Görlitzer", "GOERLITZER", "both"},
		{"o finds ö", "gorlitzer", "Görlitzer", "both"},
		{"oe finds ö", "goerlitzer", "Görlitzer", "both"},
		{"o does not find oe", "pot", "poet", "neither"},
		{"oe does not find o", "poet", "pot", "neither"},
		{"an entry with ö may find a real oe", "pöt", "poet", "both"},
		{"umlauts of one phrase may differ", "Görlitzer Brücke", "Görlitzer Bruecke", "both"},
		{"umlauts of one phrase may differ the other way", "Görlitzer Brücke", "Goerlitzer Brucke", "both"},
		{"four umlauts", "äöüä", "aeoeueae", "both"},
		{"three umlauts in their own ways", "äöü", "aeöue", "both"},
		{"a decomposed umlaut is an umlaut", "goerlitzer", "Go\u0308rlitzer", "both"},
		{"an umlaut with an invisible break is one", "goerlitzer", "Go\u200b\u0308rlitzer", "both"},
		{"Danish ø is an ö", "köbenhavn", "København", "both"},
		{"æ is ae", "ærø", "aero", "both"},
		{"accents do not matter", "cafe", "CAFÉ", "both"},
		{"accents of the entry do not matter", "łódź", "Lodz", "both"},
		{"Turkish i", "istanbul", "İSTANBUL", "both"},
		{"Turkish dotless i", "kızılay", "KIZILAY", "both"},
		{"Vietnamese", "hà nội", "Ha Noi", "both"},

		{"full width", "u8", "Ｕ８", "both"},
		{"a full-width hash", "#u8", "＃Ｕ８", "both"},
		{"ligatures", "pfiff", "pﬁﬀ", "both"},
		{"mathematical letters", "nazi", "𝕟𝓪𝐳𝙞", "both"},
		{"a soft hyphen", "kontrolle", "Kon\u00adtrolle", "both"},
		{"zero-width characters", "kontrolle", "K\u200bo\u200dn\u2060t\ufeffrolle", "both"},
		{"combining marks", "nazi", "n\u0336a\u0336z\u0336i\u0336", "both"},
		{"marks of another script", "nazi", "n\u0e31azi", "both"},
		{"control characters", "nazi", "na\x00z\x07i", "both"},
		{"a Hangul filler is invisible", "nazi", "na\u3164zi", "both"},

		{"Cyrillic", "Контроль", "контроль в метро", "both"},
		{"Cyrillic words are words", "контроль", "контрольный", "neither"},
		{"ё is е", "ещё", "ЕЩЕ", "both"},
		{"Greek, final sigma", "έλεγχος", "ΕΛΕΓΧΟΣ", "both"},
		{"Cyrillic look-alikes", "nazi", "NАZІ", "blocked"},
		{"Greek capital look-alikes", "nazi", "ΝΑΖΙ", "blocked"},
		{"Greek small look-alikes", "vati", "νατι", "blocked"},
		{"look-alikes in the entry", "nаzі", "nazi", "blocked"},
		{"look-alikes beside an umlaut", "görlitz nazi", "Görlitz ΝΑΖΙ", "blocked"},
		{"small capitals", "nazi", "ɴᴀᴢɪ", "blocked"},
		{"circled letters", "nazi", "ⓝⓐⓩⓘ", "both"},
		{"black circled letters", "nazi", "🅝🅐🅩🅘", "blocked"},

		{"spaces between letters", "nazi", "n a z i", "blocked"},
		{"full stops between letters", "nazi", "n.a.z.i", "blocked"},
		{"hyphens between letters", "nazi", "n-a-z-i", "blocked"},
		{"an asterisk in a word", "nazi", "na*zi", "blocked"},
		{"asterisks in a word", "nazi", "n**a~zi", "blocked"},
		{"a letter a line", "nazi", "N\nA\nZ\nI", "blocked"},
		{"emoji between letters", "nazi", "n🙂a🙂z🙂i", "blocked"},
		{"an emoji in a word", "nazi", "na🙂zi", "blocked"},
		{"gaps behind a line", "nazi", "U 8 n a z i", "blocked"},
		{"gaps with a digit", "nazi", "n 4 z i", "blocked"},
		{"gaps with a sign", "nazi", "n @ z i", "blocked"},
		{"two letters are no word", "ab", "a b", "neither"},
		{"single letters with others around", "nazi", "a n a z i s", "blocked"},
		{"an at sign for the first letter", "arschloch", "@rschl0ch", "blocked"},
		{"a name is found as it is written", "name", "@name", "both"},
		{"slashes between letters", "nazi", "n/a/z/i", "blocked"},
		{"dollars for letters", "bussi", "bu$$i", "blocked"},
		{"a digit for the first letter", "schwein", "5chw31n", "blocked"},
		{"lines are no word", "sub", "S 1 U 2 B", "neither"},
		{"digits for letters", "nazi", "n4z1", "blocked"},
		{"digits for letters in a long word", "arschloch", "ARSCHL0CH", "blocked"},
		{"a one is an l", "luegner", "1uegner", "blocked"},
		{"a one is an i", "idiot", "1d1ot", "blocked"},
		{"an at sign for a letter", "nazi", "n@zi", "blocked"},
		{"a dollar for a letter", "schwein", "$chwein", "blocked"},
		{"an exclamation mark for a letter", "nazi", "naz! n!x naz!s", "neither"},
		{"an exclamation mark inside", "nazis", "naz!s", "blocked"},
		{"a sign that looks like a letter", "nazi", "n⍺zi", "blocked"},
		{"a sign that looks like a letter, at the end", "nazix", "nazi⨯", "blocked"},
		{"a capital I inside a word is an l", "schlampe", "SchIampe", "blocked"},
		{"a capital I at the beginning is none", "lm", "Im", "neither"},
		{"outlined letters", "nazi", "\U0001CCE3\U0001CCD6\U0001CCEF\U0001CCDE", "blocked"},
		{"outlined digits", "loo", "\U0001CCF1\U0001CCF0\U0001CCF0", "blocked"},
		{"Cherokee that looks like Latin", "wald", "ꮃꭺꮮꭰ", "blocked"},
		{"Canadian syllabics", "pd", "ᑭᗪ", "blocked"},
		{"Canadian syllabics of a font", "nazi", "ᑎᗩᘔI", "blocked"},
		{"Cherokee of a font", "wahn", "ᏇᏗᏂᏁ", "blocked"},
		{"currency signs", "nazni", "n₳z₦i", "blocked"},
		{"hooks and strokes", "nazi", "ᶇᶏⱬᶖ", "blocked"},
		{"Armenian", "կանգառ", "Կանգառ", "both"},
		{"Hebrew letters that look alike stay different", "נון", "נוו", "neither"},
		{"letters of flags", "nazi", "🇳🇦🇿🇮", "blocked"},
		{"letters of flags with spaces", "nazi", "🇳 🇦 🇿 🇮", "blocked"},
		{"parenthesised letters", "nazi", "n⒜zi", "blocked"},
		{"all parenthesised letters", "nazi", "⒩⒜⒵⒤", "blocked"},
		{"a line is a line", "rei", "RE1", "neither"},
		{"a tram is a tram", "mio", "M10", "neither"},
		{"a number is a number", "so", "50", "neither"},
		{"repeated letters", "nazi", "naaaazi", "blocked"},
		{"repeated letters of a double letter", "depp", "deppppp", "blocked"},
		{"two letters are not repeated", "nazi", "naazi", "neither"},
		{"repeated digits stay", "100", "1000", "neither"},
		{"a hyphen between parts of a word", "nazi", "na-zi", "blocked"},
		{"a full stop between parts of a word", "nazi", "na.zi", "blocked"},
		{"a slash and an apostrophe between parts of a word", "arschloch", "ar/sch'loch", "blocked"},
		{"parts of a word in another alphabet", "nazi", "nа-zі", "blocked"},
		{"a word beside a hyphen is a word", "nazi", "Nazi-Kontrolle", "both"},
		{"parts with a space are words", "nazi", "na zi", "neither"},
		{"parts with a sign and a space are words", "nazi", "na, zi", "neither"},
		{"parts of more than the word", "nazi", "Chi-na-zi", "neither"},
		{"all letters twice", "nazi", "nnaazzii", "blocked"},
		{"all letters twice or more", "nazi", "nnaaazziii", "blocked"},
		{"all letters twice in a word with two", "depp", "ddeepp", "neither"},
		{"some letters twice", "nazi", "nnazzi", "neither"},
		{"everything at once", "nazis", "N4444Z1*S", "blocked"},
		{"endings by a star", "nazi*", "n4z1s", "blocked"},
		{"small capitals with gaps", "nazi", "ɴ ᴀ ᴢ ɪ", "blocked"},

		{"Chinese is found anywhere", "查票", "地铁查票了", "both"},
		{"Latin beside Chinese is a word", "u8", "在U8有查票", "both"},
		{"Japanese", "けんさつ", "いまけんさつちゅう", "both"},
		{"half-width Katakana", "ガス", "ｶﾞｽ", "both"},
		{"voicing marks are letters", "ハス", "バス", "neither"},
		{"Korean with a particle", "검표원", "검표원이 있어요", "both"},
		{"Thai", "ตรวจตั๋ว", "มีตรวจตั๋วที่สยาม", "both"},
		{"Thai vowels are letters", "กี", "กา", "neither"},
		{"Hebrew points do not matter", "שלום", "שָׁלוֹם", "both"},
		{"Hindi", "टिकट", "टिकट जांच", "both"},

		{"an emoji is found anywhere", "🚨", "Kontrolle🚨🚨u8", "both"},
		{"variation selectors do not matter", "⚠", "⚠️ U8", "both"},
		{"variation selectors of the entry do not matter", "⚠️", "⚠ U8", "both"},
		{"skin tones do not matter", "👮", "👮🏽", "both"},
		{"joined emoji find themselves", "👮‍♀️", "da: 👮🏽‍♀️!", "both"},
		{"keycaps are digits", "u8", "U8️⃣", "both"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "x " + tt.text
			trigger := mustCompile(t, []string{tt.entry}, nil).Evaluate(text, Said{}).Passed
			blocked := !mustCompile(t, []string{"*"}, []string{tt.entry}).Evaluate(text, Said{}).Passed
			got := map[[2]bool]string{{true, true}: "both", {false, true}: "blocked", {true, false}: "triggers"}[[2]bool{trigger, blocked}]
			if got == "" {
				got = "neither"
			}
			if got != tt.want {
				t.Errorf("%q finds %q: %s, want %s", tt.entry, text, got, tt.want)
			}
		})
	}
}

func TestExpressionFinds(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, expr, text, want string }{
		{"case does not matter", `/KONTROLL\w*/`, "kontrolleure", "both"},
		{"no word boundaries unless asked", `/ontroll/`, "Kontrolle", "both"},
		{"word boundaries", `/\bu[1-9]\b/`, "die U8!", "both"},
		{"word boundaries do not lie", `/\bu[1-9]\b/`, "U80", "neither"},
		{"umlauts find umlauts", `/görlitz/`, "GÖRLITZER", "both"},
		{"umlauts in a class find umlauts", `/g[äö]rlitz/`, "Görlitzer", "both"},
		{"decomposed umlauts of the expression", "/go\u0308rlitz/", "Görlitzer", "both"},
		{"decomposed umlauts of the text", "/görlitz/", "Go\u0308rlitzer", "both"},
		{"umlauts do not find bare vowels", `/görlitz/`, "Gorlitzer", "neither"},
		{"bare vowels find umlauts", `/gorlitz/`, "Görlitzer", "both"},
		{"oe finds umlauts", `/goerlitz/`, "Görlitzer", "both"},
		{"ß finds ß", `/straße/`, "Schloßstraße", "both"},
		{"ss finds ß", `/strasse/`, "Schloßstraße", "both"},
		{"line ends are spaces", `/kotti.u8/`, "Kotti\nU8", "both"},
		{"blank ends are gone", `/^kotti$/`, " Kotti\n", "both"},
		{"hyphens stay", `/u-bahn/`, "U‑Bahn", "both"},
		{"invisible characters are gone", `/kontrolle/`, "Kon\u00adtrolle", "both"},
		{"look-alikes", `/naz[ij]/`, "NАZІ", "blocked"},
		{"Cyrillic", `/контрол[её]р/`, "КОНТРОЛЁРЫ", "both"},
		{"the required part may be inside a group", `/(da|dort) (kontrolle)+/`, "dort Kontrolle", "both"},
		{"an optional part is not required", `/u8( kontrolle)?!/`, "U8!", "both"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			trigger := mustCompile(t, []string{tt.expr}, nil).Evaluate(tt.text, Said{}).Passed
			blocked := !mustCompile(t, []string{"*"}, []string{tt.expr}).Evaluate(tt.text, Said{}).Passed
			if trigger != (tt.want == "both") || blocked != (tt.want != "neither") {
				t.Errorf("%s finds %q: trigger %t, blocked %t; want %s", tt.expr, tt.text, trigger, blocked, tt.want)
			}
		})
	}
}

func TestRequiredLiteral(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`Görlitzer`: "rlitzer", `(kotti)+ u8`: "kotti", `a|b`: "", `x?`: "", `(abc){2,3}`: "abc", `(abc){0,3}d`: "d", `(?-i:ABC)`: "abc",
	} {
		e, _, err := newExpression(1, "!"+expr+"!")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Trim(string(e.literal), "!"); got != want {
			t.Errorf("%s needs %q, want %q", expr, got, want)
		}
	}
}
