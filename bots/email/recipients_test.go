package email_test

import (
	"strings"
	"testing"

	"linienfunk/bots/bottest"
)

func TestOnlyCitiesAreRecipients(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *bottest.World) {
		w.SetActive("ghent", false)
	})
	for recipient, want := range map[string]string{
		"<zuerich@linienfunk.example>":                         "250",
		"<ZueRich@LinienFunk.Example>":                         "250",
		"<zuerich+u8@linienfunk.example>":                      "250",
		`<"zuerich"@linienfunk.example>`:                       "250",
		"<zuerich@linienfunk.example.>":                        "250",
		"<@relay.example:zuerich@linienfunk.example>":          "250", // a source route, to be ignored: RFC 5321, appendix C
		"<berlin@linienfunk.example>":                          "550 5.1.1",
		"<ghent@linienfunk.example>":                           "450 4.2.1",
		"<+zuerich@linienfunk.example>":                        "550 5.1.1",
		"<postmaster@linienfunk.example>":                      "250",
		"<PostMaster@linienfunk.example>":                      "250",
		"<postmaster>":                                         "250", // RFC 5321, section 4.5.1
		"<Postmaster>":                                         "250",
		"<postmaster> NOTIFY=NEVER":                            "504",
		"<postmaster@other.example>":                           "554 5.7.1",
		"<victim@other.example>":                               "554 5.7.1",
		"<zuerich@other.example>":                              "554 5.7.1",
		"<zuerich@sub.linienfunk.example>":                     "554 5.7.1",
		"<zuerich@[127.0.0.1]>":                                "554 5.7.1",
		"<@linienfunk.example:victim@other.example>":           "554 5.7.1",
		"<@linienfunk.example,@relay.example:v@other.example>": "554 5.7.1",
		"<victim%other.example@linienfunk.example>":            "550 5.1.1",
		"<zuerich%other.example@linienfunk.example>":           "550 5.1.1",
		`<"victim@other.example"@linienfunk.example>`:          "550 5.1.1",
		"<other.example!victim@linienfunk.example>":            "550 5.1.1",
		"<linienfunk.example!zuerich@other.example>":           "554 5.7.1",
		`<"zuerich@linienfunk.example"@other.example>`:         "554 5.7.1",
		"<zuerich@linienfunk.example@other.example>":           "554 5.7.1",
		"<victim@other.example@linienfunk.example>":            "550 5.1.1",
		"<victim@other.example%linienfunk.example>":            "554 5.7.1",
		"<zuerich@linienfunk.example\x00.other.example>":       "554 5.7.1",
		"<zuerich>":                   "501",
		"<>":                          "501",
		"<zuerich@>":                  "501",
		"<zuerich@linienfunk.example": "501",
		"<zuerich@linienfunk.example> NOTIFY=SUCCESS":            "504",
		"<\"zuerich\\@other.example\"@linienfunk.example>":       "550 5.1.1",
		"<" + strings.Repeat("a", 2000) + "@linienfunk.example>": "550 5.1.1",
	} {
		t.Run(recipient[:min(len(recipient), 60)], func(t *testing.T) {
			c := s.hello()
			c.T = t
			c.Say("MAIL FROM:<"+marta+">", "250")
			c.Say("RCPT TO:"+recipient, want)
		})
	}
}
