package htmltext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"linienfunk/internal/htmltext"
)

func checkConvert(t *testing.T, page string, rules htmltext.Rules, want string) {
	t.Helper()
	if got := htmltext.Convert(page, rules); got != want {
		t.Errorf("balance %v: got %q, want %q", rules.Balance, got, want)
	}
}

func TestAPageBecomesItsVisibleText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ page, want string }{
		"plain text":                         {"line U8", "line U8"},
		"white space of the source":          {"<p> a\n   b\tc </p>", "a b c"},
		"space at the edges of elements":     {"a <b> b </b> c<i>d</i>", "a b cd"},
		"no-break spaces":                    {"a&nbsp; b", "a\u00a0 b"},
		"entities":                           {`U8 &amp; &lt;b&gt; &#39;y&#39;`, "U8 & <b> 'y'"},
		"line breaks and paragraphs":         {"<p>one<br>two<br />three</p><p>four</p>", "one\ntwo\nthree\n\nfour"},
		"a paragraph after text":             {"one<p>two</p>three", "one\n\ntwo\n\nthree"},
		"divisions":                          {"<div>one</div><div><div>two</div></div>", "one\ntwo"},
		"an empty line of a mail program":    {"<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"},
		"more empty lines":                   {"one<br><br><br><br>two<br>", "one\n\ntwo"},
		"lists":                              {"<ul><li>U8</li><li>U9</ul>", "- U8\n- U9"},
		"ordered lists":                      {"<ol><li>U8</li><li>U9<ul><li>late</li></ul></li><li>U7</ol><ul><li>M1</ul>", "1. U8\n2. U9\n\n- late\n\n3. U7\n\n- M1"},
		"ordered lists with other numbers":   {"<ol start=5><li>U8<li value=9>U9<li>U7<li value=x>U6</ol>", "5. U8\n9. U9\n10. U7\n11. U6"},
		"items with paragraphs":              {"<ol><li><p>U8</p></li><li>\n<p>U9</p><p>late</p></li></ol><p>M1", "1. U8\n2. U9\nlate\n\nM1"},
		"items with divisions":               {"<ul><li><div>U8</div></li><li></li><li><div>U9</div><ul><li><p>late</ul></ul>", "- U8\n-\n- U9\n\n- late"},
		"deleted text":                       {"late: <del>U8</del> <s>U7 </s><strike></strike>U9", "late: ~~U8~~ ~~U7~~ U9"},
		"items without a list":               {"<li>U8", "- U8"},
		"tables":                             {"<table><tr><td>U8</td><td>late</td></tr><tr><th>U9<th>on time</table>", "U8 late\nU9 on time"},
		"preformatted text":                  {"<pre><code>a  b\n\n  c\n</code></pre>d", "a  b\n\n  c\n\nd"},
		"elements that browsers do not show": {"a<script>b</script><style>c{}</style><!-- d --><template>e</template><title>f</title>g", "ag"},
		"elements without an end":            {"<p>a <b>b", "a b"},
		"an element left out without an end": {"a<select>b", "a"},
		"an end without an element":          {"a</b>b", "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			checkConvert(t, c.page, htmltext.Rules{}, c.want)
			checkConvert(t, c.page, htmltext.Rules{Balance: true}, c.want)
		})
	}
}

// rules leave out quotations, replace links by their address, and write texts in capitals.
func rules(balance bool) htmltext.Rules {
	return htmltext.Rules{
		Balance: balance,
		Text:    strings.ToUpper,
		Element: func(start html.Token) htmltext.Action {
			switch {
			case htmltext.Attribute(start, "id") == "end":
				return htmltext.Action{Stop: true}
			case htmltext.HasClass(start, "gone"):
				return htmltext.Action{Skip: true}
			case start.DataAtom == atom.Blockquote:
				return htmltext.Action{Skip: true, Mark: ">"}
			case start.DataAtom == atom.A:
				return htmltext.Action{Replace: func(inner []html.Token) (string, bool) {
					href := htmltext.Attribute(start, "href")
					return href, href != "" && len(inner) > 0
				}}
			}
			return htmltext.Action{}
		},
	}
}

func TestRulesDecideAboutElements(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ page, want string }{
		"text is changed":                     {"a<i>b</i><pre>c</pre>", "AB\n\nC"},
		"skipped with all that is in it":      {"a<span class='x gone'><span>b</span>c</span>d<span class=gone-not>e</span>", "ADE"},
		"skipped without content":             {"a<img class=gone>b", "AB"},
		"a mark in place of the element":      {"a<blockquote>b<blockquote>c</blockquote>d</blockquote>e", "A\n>\nE"},
		"the text stops":                      {"a<hr id=end>b", "A"},
		"replaced":                            {"see <a href=u8.example><b>the</b> page</a>!", "SEE u8.example!"},
		"not replaced":                        {"see <a><b class=gone>the</b> page</a>!", "SEE PAGE!"},
		"replaced in one that is skipped":     {"a<div class=gone><a href=b>c</a></div>d", "AD"},
		"the text stops in one not replaced":  {"a<a>b<hr id=end>c</a>d", "AB"},
		"skipped in one that is not replaced": {"<a>b<i class=gone>c</a>d", "BD"},
	} {
		t.Run(name, func(t *testing.T) { checkConvert(t, c.page, rules(false), c.want) })
	}
}

func TestABalancedPageEndsElementsWhereBrowsersDo(t *testing.T) {
	t.Parallel()
	page := "<p>a<span class=gone>b</p><p>c</p>"
	if got := htmltext.Convert(page, rules(true)); got != "A\n\nC" {
		t.Errorf("balanced: %q", got)
	}
	if got := htmltext.Convert(page, rules(false)); got != "A" {
		t.Errorf("by names: %q", got)
	}
	if got := htmltext.Convert(strings.Repeat("<i>", 2000)+"a", rules(true)); got != "" {
		t.Errorf("nested too deeply: %q", got)
	}
}

func TestTextsNamesTheElementsAroundAText(t *testing.T) {
	t.Parallel()
	var got []string
	htmltext.Convert("<a>one<img><b class=x>two<i>three</i></b>four</a>", htmltext.Rules{Element: func(html.Token) htmltext.Action {
		return htmltext.Action{Replace: func(inner []html.Token) (string, bool) {
			for text, open := range htmltext.Texts(inner) {
				for _, t := range open {
					text = t.Data + "." + text
				}
				got = append(got, text)
			}
			return "", true
		}}
	}})
	if all := strings.Join(got, " "); all != "one b.two i.b.three four" {
		t.Error(all)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add("<p>a <b>b</b><br>c</p><pre> d\n\n\n\ne </pre><ul><li><table><tr><td>f<ol start=7><li>g", true)
	f.Add("a<blockquote>b<a href=x>c</blockquote>d</a><hr id=end>e", false)
	f.Add("<textarea><a href=x><span class=gone>&#0;\xff\r\n", true)
	f.Fuzz(func(t *testing.T, page string, balance bool) {
		text := htmltext.Convert(page, rules(balance))
		if utf8.ValidString(page) && !utf8.ValidString(text) {
			t.Errorf("not valid: %q", text)
		}
		if strings.Contains(text, "\n\n\n") || strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n") {
			t.Errorf("too many line breaks: %q", text)
		}
		if len(text) > 6*len(page)+6 { // one byte of markup may become four line breaks
			t.Errorf("%d bytes became %d", len(page), len(text))
		}
	})
}
