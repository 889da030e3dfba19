package peers

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots/twitter/tweettext"
	"linienfunk/internal/testkit/measure"
)

// The packages that X's library is compared with. The published library has Twemoji 11 in it.
var tweetPackages = []string{"twitter-text@3.1.0", "twemoji-parser@11.0.2", "@twemoji/parser@17.0.2", "regenerate-unicode-properties@10.2.2", "tlds@1.261.0"}

// tweet is what X's own library says about a text.
type tweet struct {
	Published, Newest, Links, Mentions, Outside int
}

// tweetLibrary is X's own library, installed for one test.
type tweetLibrary struct{ dir string }

func newTweetLibrary(t *testing.T) tweetLibrary {
	t.Helper()
	needs(t, "node", "npm")
	dir := t.TempDir()
	script, err := os.ReadFile("testdata/tweets.js")
	must(t, err, os.WriteFile(filepath.Join(dir, "tweets.js"), script, 0o600))
	run(t, "npm", append([]string{"install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"}, tweetPackages...)...)
	return tweetLibrary{dir: dir}
}

// list evaluates an expression of JavaScript that is a list of strings.
func (l tweetLibrary) list(t *testing.T, expression string) []string {
	t.Helper()
	command := exec.Command("node", "-e", "console.log(JSON.stringify("+expression+"))")
	command.Dir = l.dir
	out, err := command.Output()
	var all []string
	must(t, err, json.Unmarshal(out, &all))
	return all
}

// read asks the library about texts.
func (l tweetLibrary) read(t *testing.T, texts []string) []tweet {
	t.Helper()
	var lines strings.Builder
	encoder := json.NewEncoder(&lines)
	for _, text := range texts {
		must(t, encoder.Encode(text))
	}
	command := exec.Command("node", "tweets.js")
	command.Dir, command.Stdin, command.Stderr = l.dir, strings.NewReader(lines.String()), os.Stderr
	out, err := command.Output()
	must(t, err)
	all := make([]tweet, 0, len(texts))
	for scanner := bufio.NewScanner(strings.NewReader(string(out))); scanner.Scan(); {
		var one tweet
		must(t, json.Unmarshal(scanner.Bytes(), &one))
		all = append(all, one)
	}
	if len(all) != len(texts) {
		t.Fatalf("%d answers to %d texts", len(all), len(texts))
	}
	return all
}

// tweetParts are what random tweets are made of, besides emoji and top-level domains.
var tweetParts = []string{
	"kontrolle", "U8", "a", "x", "Görlitzer", "ß", "é", "e\u0301", "контроль", "ι", "中文", "ไทย", "한국", "ﬁ", "…", "„", "–", "€", "´", "`", "\u200B", "\u200D", "\uFEFF", "\u202E",
	" ", " ", " ", "\n", "\u3000", "\u00A0", "@", "＠", "@name", "@bvg_in", "@beispiel.de", "@name.bsky.social", "rt@name", "RT:@a", "x@name", "_@b", "ä@c", "/@d", "@e@f", "@gé", "@h://", "#i", "#j@k", "$", "!@l",
	".", ".", ".", ",", ";", ":", "!", "?", "'", "\"", "(", ")", "[", "]", "-", "_", "/", "&", "=", "+", "~", "%20", "|", "<", ">", "*", "#",
	"http://", "https://", "HTTPS://", "https://", "ftp://", "www.", "t.co/", "https://t.co/aB3", "https://t.co/aB3?x=1", "https://t.co/" + strings.Repeat("a", 41),
	"example.com", "a.example", "a_b.c.com", "a_b.de", "-a.de", "a-.de", "xn--bcher-kva.com", "xn--p1ai中。", "https://t.co/aſ", "bücher.de", "бюро.рф", "☃.net", "z.B.", "Hbf.Zug", "S1.in", "u8.um", "weiter.an", "example.com中文", "test.भारत", "test.ck",
	"/x", "/x.", "/x(y)", "/x(y(z))", "/(x", "/@name", "/@name/", "/ä.", "/п", "?x=1", "?x=1&y=2.", "?", ":80", ":80/x", "#frag", strings.Repeat("l", 64) + ".com", strings.Repeat("ö", 50) + ".com",
	"1", "8", "8\uFE0F\u20E3", "#\uFE0F\u20E3", "\u20E3", "\uFE0F", "\uFE0E", "©", "®\uFE0F", "☀", "☀\uFE0E", "🏽", "🇩", "🇪", "🇨", "🇶", "🏴", "\U000E0067\U000E0062\U000E007F", "♀", "♂\uFE0F", "❤", "➡\uFE0F", "👩", "👨", "🧑", "💋", "🏳",
}

// randomTweets returns texts that are made of the parts; the seed makes them the same each time.
func randomTweets(n int, parts ...[]string) []string {
	rng := rand.New(rand.NewPCG(tweetSeed, 3))
	texts := make([]string, n)
	for i := range texts {
		var text strings.Builder
		for range 1 + rng.IntN(10) {
			of := parts[max(0, rng.IntN(len(parts)+6)-6)]
			text.WriteString(of[rng.IntN(len(of))])
		}
		texts[i] = text.String()
	}
	return texts
}

const tweetSeed = 2026

// TestATweetIsNeverLongerForXThanForUs compares with X's own library, as it was published and with the newest Twemoji.
func TestATweetIsNeverLongerForXThanForUs(t *testing.T) {
	t.Parallel()
	library := newTweetLibrary(t)
	emoji := library.list(t, `(({characters, strings}) => [...characters.toArray().map((c) => String.fromCodePoint(c)), ...strings])(require('regenerate-unicode-properties/Property_of_Strings/RGI_Emoji.js'))`)
	domains := library.list(t, `require('tlds').map((one) => 'x.' + one)`)
	if len(emoji) < 3_900 || len(domains) < 1_400 {
		t.Fatalf("%d emoji, %d domains", len(emoji), len(domains))
	}
	texts := slices.Clone(emoji)
	for _, one := range emoji {
		bare := strings.ReplaceAll(one, "\uFE0F", "")
		texts = append(texts, bare, one+"\uFE0F", bare+"\uFE0F", one+"\uFE0E", one+"🏽", one+"\u200D♀\uFE0F", strings.Replace(one, "\uFE0F", "", 1))
	}
	for r := rune(1); r < 0x20000; r += max(1, r>>12) {
		if r < 0xD800 || r > 0xDFFF {
			texts = append(texts, string(r), "x."+string(r)+".com", "https://example.com/a"+string(r))
		}
	}
	texts = append(append(texts, domains...), randomTweets(100_000, tweetParts, emoji, domains)...)
	count := measure.New(t, "posts are not lighter for us than for X")
	lighter, same := 0, 0
	for i, x := range library.read(t, texts) {
		got, want := tweettext.Weight(texts[i]), max(x.Published, x.Newest)
		if got == want {
			same++
		}
		if !count.Add(got >= want) {
			if lighter++; lighter <= 20 {
				t.Errorf("seed %d: %q counts %d, at X %d", tweetSeed, texts[i], got, want)
			}
		}
		if x.Links > 0 && !tweettext.HasLink(texts[i]) {
			t.Errorf("seed %d: %q has a link", tweetSeed, texts[i])
		}
	}
	t.Logf("of %d texts %d count the same, %d less", len(texts), same, lighter)
	if lighter > 0 || same < len(texts)*19/20 {
		t.Errorf("%d of %d count less, %d the same", lighter, len(texts), same)
	}
}

// TestNobodyIsMentionedInACopyForX lets X's own library look for mentions and links in silenced texts.
func TestNobodyIsMentionedInACopyForX(t *testing.T) {
	t.Parallel()
	library := newTweetLibrary(t)
	texts := randomTweets(50_000, tweetParts)
	for _, links := range []bool{false, true} {
		copies := make([]string, len(texts))
		for i, text := range texts {
			copies[i] = tweettext.Truncate(tweettext.Silence(text, links), tweettext.MaxWeight)
		}
		for i, x := range library.read(t, copies) {
			if x.Outside > 0 || !links && (x.Mentions > 0 || x.Links > 0) {
				t.Errorf("seed %d: %q became %q, links %t: %+v", tweetSeed, texts[i], copies[i], links, x)
			}
		}
	}
}
