package mastodon

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/report"
)

var zuerich = ownNames{acct: "zuerich", domain: "mastodon.example", urls: []string{"https://social.example/@zuerich"}}

func TestTheContentOfAStatusBecomesTheTextThatWasTyped(t *testing.T) {
	t.Parallel()
	mention := `<span class="h-card" translate="no"><a href="https://social.example/@zuerich" class="u-url mention">@<span>zuerich</span></a></span>`
	bob := `<span class="h-card"><a href="https://other.example/@zuerich" class="u-url mention">@<span>zuerich</span></a></span>`
	for name, c := range map[string]struct{ html, want string }{
		"the mention at the beginning is removed":   {`<p>` + mention + ` kontrolle u8</p>`, "kontrolle u8"},
		"the mention in the middle is removed":      {`<p>kontrolle ` + mention + ` u8</p>`, "kontrolle u8"},
		"the mention at the end is removed":         {`<p>kontrolle u8 ` + mention + `</p>`, "kontrolle u8"},
		"a mention of another account stays":        {`<p>` + mention + ` ask ` + bob + `</p>`, "ask @zuerich"},
		"a mention that is not a link is removed":   {`<p>@zuerich kontrolle @Zuerich@mastodon.example u8</p>`, "kontrolle u8"},
		"text that only looks like a mention stays": {`<p>@zuerich2 @zuerich@other.example me@zuerich @zuerich.example</p>`, "@zuerich2 @zuerich@other.example me@zuerich @zuerich.example"},
		"a mention before a full stop is removed":   {`<p>hello @zuerich.</p>`, "hello ."},
		"line breaks and paragraphs stay":           {`<p>eins<br>zwei<br />drei</p><p>vier</p>`, "eins\nzwei\ndrei\n\nvier"},
		"white space of the source is collapsed":    {"<p>a\n   b\tc</p>", "a b c"},
		"entities become characters":                {`<p>U8 &amp; &lt;b&gt; &quot;x&quot; &#39;y&#39; &nbsp;z</p>`, "U8 & <b> \"x\" 'y' \u00a0z"},
		"a hashtag keeps its sign":                  {`<p><a href="https://social.example/tags/u8" class="mention hashtag" rel="tag">#<span>u8</span></a></p>`, "#u8"},
		"a short link becomes its address": {
			`<p><a href="https://bvg.de/"><span class="invisible">https://</span><span class="">bvg.de/</span><span class="invisible"></span></a></p>`, "https://bvg.de/"},
		"a shortened link becomes its whole address": {
			`<p>siehe <a href="https://example.org/a/very/long/path/indeed"><span class="invisible">https://</span><span class="ellipsis">example.org/a/very/long/p</span><span class="invisible">ath/indeed</span></a>!</p>`,
			"siehe https://example.org/a/very/long/path/indeed!"},
		"a link that hides its target becomes its visible text": {
			`<p><a href="https://evil.example/"><span class="invisible">https://</span><span class="ellipsis">bvg.de/ne</span><span class="invisible">ws</span></a></p>`, "bvg.de/ne…"},
		"a link with words becomes the words":       {`<p><a href="https://example.org/">timetable</a></p>`, "timetable"},
		"invisible text is removed":                 {`<p>kontrolle<span class="invisible"> blocked</span> u8</p><script>alert(1)</script><style>p{}</style><!-- x -->`, "kontrolle u8"},
		"a repeated quote is removed":               {`<p class="quote-inline">RE: https://example.org/1</p><p>kontrolle u8</p>`, "kontrolle u8"},
		"other words in the markup of a quote stay": {`<p class="quote-inline">RE: blocked words</p><p>kontrolle u8</p>`, "RE: blocked words\n\nkontrolle u8"},
		"other words in the markup of the mention stay": {
			`<p><a href="https://social.example/@zuerich" class="mention">blocked words</a> kontrolle u8</p>`, "blocked words kontrolle u8"},
		"words behind the mention in its markup stay": {
			`<p><a href="https://social.example/@zuerich" class="mention">@zuerich blocked</a> kontrolle u8</p>`, "blocked kontrolle u8"},
		"the mention with its host is removed": {
			`<p><a href="https://social.example/@zuerich" class="mention">@Zuerich@social.example</a> kontrolle u8</p>`, "kontrolle u8"},
		"the mention with its domain is removed": {
			`<p><a href="https://social.example/@zuerich" class="mention">@zuerich@mastodon.example</a> kontrolle u8</p>`, "kontrolle u8"},
		"lists become lines":               {`<ul><li>U8</li><li>U9</li></ul>`, "- U8\n- U9"},
		"preformatted text stays as it is": {"<pre><code>a  b\nc</code></pre>", "a  b\nc"},
		"plain text of other servers":      {`kontrolle u8`, "kontrolle u8"},
		"broken markup":                    {`<p>kontrolle <b>u8`, "kontrolle u8"},
		"nothing but the mention":          {`<p>` + mention + `</p>`, ""},
		"markup without end":               {strings.Repeat("<i>", 2000) + "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plainText(c.html, zuerich); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add(`<p><span class="h-card"><a href="https://social.example/@zuerich" class="u-url mention">@<span>zuerich</span></a></span> kontrolle &amp; mehr</p>`)
	f.Add(`<a href="x"><span class="invisible">https://</span><span class="ellipsis">a</span></a><br>@zuerich@mastodon.example`)
	f.Add("<pre>a\n\n\n\nb</pre><ul><li><table><tr><td>@")
	f.Fuzz(func(t *testing.T, content string) {
		text := report.Clean(plainText(content, zuerich))
		if !utf8.ValidString(text) || len(text) > report.MaxText || strings.TrimSpace(text) != text {
			t.Errorf("not clean: %q", text)
		}
	})
}
