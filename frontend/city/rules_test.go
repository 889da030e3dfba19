package city_test

import (
	"testing"

	"linienfunk/frontend/frontendtest"
)

func TestTheSettingsExplainEachKindOfRule(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	s.VisitorAs("ada@example.org").Get("/city/berlin").Want(200, "<code>inspector</code>", "<code>ticket check</code>",
		"<code>#inspector</code>", "<code>/u[1-9] (richtung|to)/</code>", "<code>*</code>", "<code># …</code>",
		"blocked words are also found in disguise")
}
