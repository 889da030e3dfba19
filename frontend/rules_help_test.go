package frontend

import "testing"

func TestTheSettingsExplainEachKindOfRule(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	s.visitorAs("ada@example.org").get("/city/berlin").want(200, "<code>inspector</code>", "<code>ticket check</code>",
		"<code>#inspector</code>", "<code>/u[1-9] (richtung|to)/</code>", "<code>*</code>", "<code># …</code>",
		"blocked words are found in look-alike letters, too")
}
