package text

import "testing"

func TestAutomaticMailsAreRecognised(t *testing.T) {
	t.Parallel()
	const from = "From: marta@rider.example\n"
	for header, want := range map[string]string{
		from:                          "",
		from + "Auto-Submitted: no\n": "",
		from + "Auto-Submitted: auto-replied; x=y\n":                 "Auto-Submitted",
		from + "Auto-Submitted: (a comment) \n":                      "",
		from + "List-Id: <a.example>\n":                              "mailing list",
		from + "List-Post: NO\n":                                     "mailing list",
		from + "X-Loop: zuerich@linienfunk.example\n":                "loop",
		from + "X-Autoreply: yes\n":                                  "automatic reply",
		from + "X-Failed-Recipients: anna@rider.example\n":           "automatic reply",
		from + "Content-Type: Multipart/Report; boundary=b\n":        "multipart/report",
		from + "Precedence: Bulk\n":                                  "Precedence",
		from + "Precedence: first-class\n":                           "",
		"From: Mail Delivery System <MAILER-DAEMON@rider.example>\n": "mail server",
		"From: Daemon <mailer-daemon-friend@rider.example>\n":        "",
	} {
		if got := parse(t, header+"\nkontrolle\n").Automatic("marta@rider.example"); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
	m := parse(t, from+"\nkontrolle\n")
	for envelopeFrom, want := range map[string]string{"": "empty return path", "Mailer-Daemon@rider.example": "mail server"} {
		if got := m.Automatic(envelopeFrom); got != want {
			t.Errorf("envelope from %q: %q, want %q", envelopeFrom, got, want)
		}
	}
}
