package mastodon

import (
	"strings"
	"testing"
	"unicode/utf8"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/internal/testkit/table"
	"linienfunk/report"
)

var zuerich = names{acct: "zuerich", domain: "mastodon.example", urls: []string{"https://social.example/@zuerich"}}

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
		"a mention before a full stop is removed":   {`<p>hello @zuerich.</p>`, "hello."},
		"a mention before a comma is removed":       {`<p>Hoi ` + mention + `, kontrolle u8</p>`, "Hoi, kontrolle u8"},
		"a mention between commas is removed":       {`<p>Hoi, ` + mention + `, kontrolle u8</p>`, "Hoi, kontrolle u8"},
		"a mention between sentences is removed":    {`<p>Achtung! ` + mention + `: kontrolle u8</p>`, "Achtung! kontrolle u8"},
		"a mention before a dash is removed":        {`<p>` + mention + ` – kontrolle u8</p>`, "kontrolle u8"},
		"a mention before a list is removed":        {`<p>` + mention + `<br>- u8<br>- u9</p>`, "- u8\n- u9"},
		"a mention in a list is removed":            {`<ul><li>` + mention + `: u8</li><li>u9</li></ul>`, "- u8\n- u9"},
		"a mention in parentheses is removed":       {`<p>kontrolle u8 (danke ` + mention + `)</p>`, "kontrolle u8 (danke)"},
		"a mention in the address of a post stays":  {`<p>u8 https://social.example/@zuerich/113</p>`, "u8 https://social.example/@zuerich/113"},
		"a mention by another address of it":        {`<p><a class="mention" href="https://social.example/users/zuerich">@zuerich</a> u8</p>`, "u8"},
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
			`<p><a href="https://evil.example/"><span class="invisible">https://</span><span class="ellipsis">bvg.de/ne</span><span class="invisible">ws</span></a></p>`, "bvg.de/ne… (https://evil.example/)"},
		"a link with words keeps its address":      {`<p><a href="https://maps.example/u8">hier</a></p>`, "hier (https://maps.example/u8)"},
		"an address without its scheme is itself":  {`<p><a href="https://www.bvg.example/">bvg.example</a></p>`, "bvg.example"},
		"an address with an umlaut is itself":      {`<p><a href="https://karte.example/z%C3%BCrich">https://karte.example/zürich</a></p>`, "https://karte.example/zürich"},
		"an address cut by another program":        {`<p><a href="https://karte.example/zuerich/u8">karte.example/zuer...</a></p>`, "https://karte.example/zuerich/u8"},
		"a hashtag without a class keeps its sign": {`<p><a href="https://misskey.example/tags/u8" rel="tag">#u8</a></p>`, "#u8"},
		"a link to another scheme becomes words":   {`<p><a href="mailto:marta@mail.example">hier</a></p>`, "hier"},
		"a mention without a class keeps its name": {`<p>mit <a href="https://friendica.example/profile/marta">@marta</a></p>`, "mit @marta"},
		"a repeated quote without a class":         {`<p>kontrolle u8<br><br>RE: <a href="https://misskey.example/notes/9abc">https://misskey.example/notes/9abc</a></p>`, "kontrolle u8"},
		"a repeated quote of Mastodon's address":   {`<p><span>kontrolle u8<br><br>RE: </span><a href="https://social.example/@marta/1">https://social.example/@marta/1</a></p>`, "kontrolle u8"},
		"a repeated quote of another address":      {`<p>kontrolle u8<br>RE:<br><a href="https://social.example/ap/users/1/statuses/2">https://social.example/ap/users/1/statuses/2</a></p>`, "kontrolle u8"},
		"a link to a post of the city stays whole": {
			`<p>siehe <a href="https://social.example/@zuerich/113"><span class="invisible">https://</span><span>social.example/@zuerich/113</span></a></p>`,
			"siehe https://social.example/@zuerich/113"},
		"a train with a link is no quote":           {`<p>kontrolle<br>RE: <a href="https://bahn.example/re1">https://bahn.example/re1</a></p>`, "kontrolle\nRE: https://bahn.example/re1"},
		"a quote that the text goes on after stays": {`<p>RE: <a href="https://misskey.example/notes/9abc">https://misskey.example/notes/9abc</a><br>stimmt</p>`, "RE: https://misskey.example/notes/9abc\nstimmt"},
		"ordered lists keep their numbers":          {`<ol><li>U8</li><li>U9</li></ol>`, "1. U8\n2. U9"},
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

// statusOf is a status with a content, in which @<name> is a linked mention of that account. @zuerich is the city's.
func statusOf(content, visibility string, answers masto.ID) *masto.Status {
	s := &masto.Status{Visibility: visibility}
	for _, name := range []string{"zuerich", "rider", "rider2", "marta"} {
		m := masto.Mention{ID: masto.ID(name), Username: name, Acct: name + "@other.example", URL: "https://other.example/@" + name}
		if name == "zuerich" {
			m.Acct, m.URL = name, zuerich.urls[0]
		}
		if link := "<@" + name + ">"; strings.Contains(content, link) {
			content = strings.ReplaceAll(content, link, `<span class="h-card"><a href="`+m.URL+`" class="u-url mention">@<span>`+name+`</span></a></span>`)
			s.Mentions = append(s.Mentions, m)
		}
	}
	s.Content = "<p>" + content + "</p>"
	if answers != "" {
		s.InReplyToID, s.InReplyToAccountID = "1", string(answers)
	}
	return s
}

func TestAPrivateMentionDoesNotNameItsOtherReaders(t *testing.T) {
	t.Parallel()
	account := Account{Acct: "zuerich", Domain: "mastodon.example", URL: zuerich.urls[0], AccountID: "zuerich"}
	private := func(content string) string { return statusText(account, statusOf(content, "direct", "")) }
	table.Check(t, private, map[string]string{
		"<@zuerich> <@rider2> Kontrolle U24":                 "Kontrolle U24",
		"<@rider>, <@zuerich>: Kontrolle":                    "Kontrolle",
		"<@rider> &amp; <@rider2>: Kontrolle":                "Kontrolle",
		"<@zuerich>: Kontrolle":                              "Kontrolle",
		"<@zuerich>, <@rider> - Kontrolle":                   "Kontrolle",
		".<@rider> <@zuerich> Kontrolle":                     "Kontrolle",
		"(<@rider>) Kontrolle":                               "Kontrolle",
		"@rider2@other.example <@zuerich> Kontrolle":         "Kontrolle",
		"<@zuerich><br><@rider>:<br>Kontrolle":               "Kontrolle",
		"Kontrolle U24 <@zuerich> <@rider2>":                 "Kontrolle U24",
		"Kontrolle U24! cc: <@rider2>, <@rider>.":            "Kontrolle U24! cc",
		"Kontrolle, <@rider2> war dabei":                     "Kontrolle, @rider2 war dabei",
		"<@rider2> und <@zuerich> Kontrolle":                 "Kontrolle",
		"Hoi <@zuerich> und <@rider2>, Kontrolle":            "Hoi, Kontrolle",
		"Hoi <@rider>, <@zuerich> Kontrolle":                 "Hoi Kontrolle",
		"Hoi <@zuerich> Rundfahrt <@rider2> U24":             "Hoi Rundfahrt @rider2 U24",
		"<@zuerich> @Kottbusser Tor Kontrolle":               "@Kottbusser Tor Kontrolle",
		"<@zuerich> <@rider2>":                               "",
		`<a href="https://other.example/@marta">Marta</a> K`: "Marta (https://other.example/@marta) K",
		"<@zuerich> -&gt; U24":                               "-> U24",
		"<@zuerich> ... U24":                                 "... U24",
	})
	shown := statusOf("x <@marta>", "direct", "")
	shown.Content = `<p><a class="mention" href="https://other.example/@marta">Marta Muster</a> Kontrolle</p>`
	shown.SpoilerText = "@marta: U24"
	if got := statusText(account, shown); got != "U24\n\nKontrolle" {
		t.Errorf("names that are shown otherwise: %q", got)
	}
}

func TestAnAnswerDoesNotNameWhomItAnswers(t *testing.T) {
	t.Parallel()
	account := Account{Acct: "zuerich", Domain: "mastodon.example", URL: zuerich.urls[0], AccountID: "zuerich"}
	for _, visibility := range []string{"public", "direct"} {
		answer := func(content string) string { return statusText(account, statusOf(content, visibility, "marta")) }
		table.Check(t, answer, map[string]string{
			"<@marta> <@zuerich> stimmt":                   "stimmt",
			"<@marta>, <@rider>: <@zuerich> stimmt":        "stimmt",
			"<@zuerich> danke <@marta>, stimmt":            "danke, stimmt",
			"<@zuerich> danke, <@marta>, stimmt":           "danke, stimmt",
			"<@zuerich> stimmt, sagt <@marta>":             "stimmt, sagt",
			"<@zuerich> laut <@marta> und <@rider> die U8": "laut und @rider die U8",
			"<@zuerich> @Kotti steht noch":                 "@Kotti steht noch",
		})
	}
	public := statusOf("x <@marta>", "public", "marta")
	public.Content = `<p><a class="mention" href="https://other.example/@marta">blocked words</a> Kontrolle</p>`
	if got := statusText(account, public); got != "blocked words Kontrolle" {
		t.Errorf("words that a boost would show: %q", got)
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add(`<p><span class="h-card"><a href="https://social.example/@zuerich" class="u-url mention">@<span>zuerich</span></a></span> kontrolle &amp; mehr</p>`)
	f.Add(`<a href="x"><span class="invisible">https://</span><span class="ellipsis">a</span></a><br>@zuerich@mastodon.example`)
	f.Add("<pre>a\n\n\n\nb</pre><ul><li><table><tr><td>@")
	f.Fuzz(func(t *testing.T, content string) {
		text := report.Clean(plainText(content, zuerich))
		for _, visibility := range []string{"public", "direct"} {
			status := statusOf("<@rider>, <@marta>: x <@marta>", visibility, "marta")
			status.Content += content
			if text := statusText(Account{Acct: "zuerich", AccountID: "1"}, status); strings.ContainsAny(text, "\x01\x02\x03\x04") {
				t.Errorf("marks are left: %q", text)
			}
		}
		if !utf8.ValidString(text) || len(text) > report.MaxText || strings.TrimSpace(text) != text {
			t.Errorf("not clean: %q", text)
		}
	})
}
