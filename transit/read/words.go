package read

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"linienfunk/transit/network"
)

//go:embed words/*.toml
var wordFiles embed.FS

// roles are what a word can say about the words around it.
type roles uint32

const (
	towards  roles = 1 << iota // the stop behind it is a direction
	to                         // as towards, but also "from A to B"
	from                       // the stop behind it was left
	between                    // two stops follow
	behind                     // the stop before it is a direction: "Wittenau bound"
	at                         // the stop behind it is a place
	now                        // as at, and later than others
	skip                       // articles, between such a word and the stop
	alighted                   // got off
	boarded                    // got on
	north                      // a direction without a stop
	east
	south
	west
	people // what is counted: the number before it is no line
	common // never a stop by itself
	usual  // a stop by itself only if it is called so and more speaks for it
	generic
	inspectors
	police
	disruption
	gone
	question
	negation // "no inspectors"
	not      // "not gone"
	hint     // it speaks for inspectors if a place is named
)

const compass = north | east | south | west

// kindSet is a set of kinds of lines that a word stands for.
type kindSet uint16

const (
	anyLine kindSet = 1 << iota // "line"
	ringLine
	lineArticle // "the 7"
	firstKind   // of network.Kinds, in its order
)

func kindBit(kind network.Kind) kindSet { return firstKind << slices.Index(network.Kinds, kind) }

// wordFile is a file of words; each list has words or phrases.
type wordFile struct {
	Stops struct {
		Types       [][]string // one word each, and how it is shortened
		Generic     []string   // words for a stop
		Nicknames   []string   // endings of shortened names: "Kotti"
		Articles    []string   // in names, which riders leave out
		Inflections []string   // endings of names in sentences
		Ordinals    []string   // endings of numbers
		Corners     []string   // between two streets
	}
	Lines  map[string][]string
	Roles  map[string][]string
	Kinds  map[string][]string
	Common struct{ Words, Usual []string }
}

// meaning is what a word says.
type meaning struct {
	roles roles
	kinds kindSet
}

// vocabulary are the words of some languages. It does not change.
type vocabulary struct {
	exact      map[string]meaning // words, and phrases without spaces
	phrases    map[string]int     // tokens of each phrase, and 0 for what begins one
	beginnings []affix            // "kontroll*"
	inner      []affix            // "*kontroll*", "*weste"
	types      map[string]string  // shortened word to the whole one
	typeEnds   []typeEnd
	shorts     map[string]string // whole type to how it is mostly shortened
	articles   map[string]bool
	nicknames  []string
	endings    []string // of lines: "U8er"
	letters    []string // before the numbers of lines in most cities of the language: "s 41", "re7"
	inflection []string
	ordinals   []string
	long       []string // words for directions that are long enough to be found with typing errors
}

type affix struct {
	text string
	meaning
	end bool // it ends the word
}

type typeEnd struct{ short, whole string }

var roleNames = map[string]roles{
	"towards": towards, "to": to, "from": from, "between": between, "behind": behind, "at": at, "now": now, "skip": skip, "off": alighted, "on": boarded,
	"north": north, "east": east, "south": south, "west": west, "people": people,
}

var kindNames = map[string]roles{"inspectors": inspectors, "police": police, "disruption": disruption, "gone": gone, "question": question, "negation": negation, "not": not, "hints": hint}

// Languages lists the languages that the package has words of.
func Languages() (languages []string) {
	files, _ := fs.Glob(wordFiles, "words/*.toml")
	for _, file := range files {
		languages = append(languages, strings.TrimSuffix(strings.TrimPrefix(file, "words/"), ".toml"))
	}
	return languages
}

// loadWords reads the words of some languages. It fails if a language is not there.
func loadWords(languages []string) (*vocabulary, error) {
	v := &vocabulary{shorts: map[string]string{}, exact: map[string]meaning{}, phrases: map[string]int{}, types: map[string]string{}, articles: map[string]bool{}}
	for _, language := range languages {
		var file wordFile
		text, err := wordFiles.ReadFile("words/" + language + ".toml")
		if err != nil {
			return nil, fmt.Errorf("there are no words of the language %q", language)
		}
		if _, err := toml.Decode(string(text), &file); err != nil {
			return nil, fmt.Errorf("words of %s: %w", language, err)
		}
		if err := v.addFile(file); err != nil {
			return nil, fmt.Errorf("words of %s: %w", language, err)
		}
	}
	slices.SortFunc(v.typeEnds, func(a, b typeEnd) int { return len(b.short) - len(a.short) }) // the longest first
	return v, nil
}

func (v *vocabulary) addFile(file wordFile) error {
	for _, group := range file.Stops.Types {
		whole := foldWord(group[0])
		if _, taken := v.shorts[whole]; !taken && len(group) > 1 {
			v.shorts[whole] = foldWord(group[1])
		}
		for _, word := range group {
			short := foldWord(word)
			if _, taken := v.types[short]; !taken {
				v.types[short] = whole
				v.typeEnds = append(v.typeEnds, typeEnd{short, whole})
			}
		}
	}
	for _, word := range file.Stops.Corners {
		v.types[foldWord(word)] = "" // "A corner B" is "A B"
	}
	for _, word := range file.Stops.Articles {
		v.articles[foldWord(word)] = true
	}
	v.nicknames = appendFolded(v.nicknames, file.Stops.Nicknames)
	v.endings = appendFolded(v.endings, file.Lines["endings"])
	v.letters = appendFolded(v.letters, file.Lines["letters"])
	v.inflection = appendFolded(v.inflection, file.Stops.Inflections)
	v.ordinals = appendFolded(v.ordinals, file.Stops.Ordinals)
	v.add(file.Stops.Generic, meaning{roles: generic})
	v.add(file.Common.Words, meaning{roles: common})
	v.add(file.Common.Usual, meaning{roles: usual})
	for name, words := range file.Lines {
		kinds := map[string]kindSet{"any": anyLine, "ring": ringLine, "articles": lineArticle}[name]
		if kind := network.Kind(name); kind != "" && kind.Valid() {
			kinds = kindBit(kind)
		}
		if kinds == 0 && name != "endings" && name != "letters" {
			return fmt.Errorf("there is no kind of line %q", name)
		}
		if kinds != 0 {
			v.add(words, meaning{kinds: kinds})
		}
	}
	for names, section := range map[*map[string]roles]map[string][]string{&roleNames: file.Roles, &kindNames: file.Kinds} {
		for name, words := range section {
			role, known := (*names)[name]
			if !known {
				return fmt.Errorf("there is no list %q", name)
			}
			v.add(words, meaning{roles: role})
			for _, word := range words {
				if text := foldWord(word); role == towards && len(text) >= leastMistyped {
					v.long = append(v.long, text)
				}
			}
		}
	}
	return nil
}

func appendFolded(list, words []string) []string {
	for _, word := range words {
		list = append(list, foldWord(word))
	}
	return list
}

func (v *vocabulary) add(words []string, m meaning) {
	for _, word := range words {
		text, first, last := foldWord(word), strings.HasPrefix(word, "*"), strings.HasSuffix(word, "*")
		switch {
		case first:
			v.inner = append(v.inner, affix{text, m, !last})
		case last:
			v.beginnings = append(v.beginnings, affix{text, m, false})
		default:
			tokens := scan(word)
			if len(tokens) > 1 {
				joined := ""
				for i, t := range tokens {
					joined += t.text
					if i < len(tokens)-1 && v.phrases[joined] == 0 {
						v.phrases[joined] = 0
					}
				}
				v.phrases[text] = len(tokens)
			}
			if len(tokens) <= 1 || !strings.Contains(word, " ") { // "u-bahn" is also "ubahn"
				had := v.exact[text]
				v.exact[text] = meaning{had.roles | m.roles, had.kinds | m.kinds}
			}
			if len(tokens) > 1 && strings.Contains(word, " ") {
				had := v.exact[phraseKey(text)]
				v.exact[phraseKey(text)] = meaning{had.roles | m.roles, had.kinds | m.kinds}
			}
		}
	}
}

// phraseKey is the key of a phrase, which no word has.
func phraseKey(phrase string) string { return " " + phrase }

// lookup returns what one word says. A long word that ends in the type of a stop is rather a name, whatever it begins with: "schwarz*" is not "Schwarzburgplatz".
func (v *vocabulary) lookup(word string) meaning {
	m := v.exact[word]
	if v.withoutType(v.canonical(word)) != v.canonical(word) {
		return m
	}
	for _, a := range v.beginnings {
		if strings.HasPrefix(word, a.text) {
			m.roles, m.kinds = m.roles|a.roles, m.kinds|a.kinds
		}
	}
	for _, a := range v.inner {
		if at := strings.LastIndex(word, a.text); at >= 0 && (!a.end || at+len(a.text) == len(word)) {
			m.roles, m.kinds = m.roles|a.roles, m.kinds|a.kinds
		}
	}
	return m
}

// leastMistyped is the length of words for directions that are understood with a typing error.
const leastMistyped = 7

// mistyped reports whether a word is one for a direction, but for a letter.
func (v *vocabulary) mistyped(word string) bool {
	return len(word) >= leastMistyped-1 && slices.ContainsFunc(v.long, func(long string) bool {
		return abs(len(long)-len(word)) <= 1 && (word[0] == long[0] || word[1] == long[1]) && distance(word, long, 1) <= 1
	})
}

// mark gives all tokens what their words say, and those of phrases what the phrases say.
func (v *vocabulary) mark(tokens []token) {
	for i := range tokens {
		m := v.lookup(tokens[i].text)
		if m == (meaning{}) && v.mistyped(tokens[i].text) {
			m.roles = towards
		}
		tokens[i].roles |= m.roles
		tokens[i].kinds |= m.kinds
		joined := ""
		for n := 0; n < 4 && i+n < len(tokens); n++ {
			joined += tokens[i+n].text
			length, begins := v.phrases[joined]
			if !begins {
				break
			}
			if length == n+1 {
				m := v.exact[joined]
				if n > 0 {
					w := v.exact[phraseKey(joined)]
					m.roles, m.kinds = m.roles|w.roles, m.kinds|w.kinds
				}
				for k := i; k <= i+n; k++ {
					tokens[k].roles |= m.roles | common
					tokens[k].kinds |= m.kinds
				}
			}
		}
	}
}
