//go:build shots

package frontend_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"linienfunk/commands"
	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/config"
	"linienfunk/internal/legal"
	"linienfunk/internal/testkit/pictures"
	"linienfunk/supervisor"
	"linienfunk/templates"
)

// TestOperatorScreenshots takes screenshots of the pages about the instance:
//
//	SHOTS=/tmp/shots go test -tags shots -run OperatorScreenshots ./frontend
func TestOperatorScreenshots(t *testing.T) {
	s := frontendtest.New(t, func(s *frontendtest.World) {
		texts, err := legal.Read(nil, legal.Facts{Name: "Verein der Fahrgäste", Address: "post@linienfunk.example", RetentionHours: 24, MaxRetentionDays: 90, SessionDays: 30, LogDays: 365, FlagHours: 48,
			MuteDays: 365, MailDays: 5, InvitationDays: 7, SubscriptionHours: 48, RegistrationHours: 24, GreylistDays: 30, BounceDays: 60, NumbersMonths: 12}, templates.Languages)
		frontendtest.Check(t, err)
		for _, kind := range []string{"imprint", "contact", "terms"} {
			texts[kind] = texts["privacy"]
		}
		s.Site.Legal, s.Site.Unregistered = texts, true
		s.Site.Operators = []string{"op@example.org"}
		frontendtest.TwoBots(s)
	})
	s.Admin("op@example.org")
	s.Admin("ada@example.org", "berlin", "ghent", "zuerich")
	s.Admin("somebody-with-a-long-address@verkehrsbetriebe.example.org", "wien")
	s.Sample("berlin", 60)
	s.Site.Commands.Instance = func(context.Context) (commands.InstanceStatus, error) {
		return commands.InstanceStatus{Version: "v0.9.0", Intake: 3, Deliveries: 12, Mails: 41, Database: 734_567_890, Streams: []commands.StreamSize{{Name: "SETTINGS", Messages: 812, Bytes: 640_000}, {Name: "REPORTS", Messages: 3, Bytes: 4_200}},
			Unread: []string{"mails"}, Nodes: []commands.InstanceNode{{Host: "eins.linienfunk.example", Version: "v0.9.0", Running: true, Shards: 16, Judges: true, Started: s.Now()},
				{Host: "zwei.linienfunk.example", Version: "v0.8.2", Roles: "frontend,mail", Started: s.Now(), Gone: s.Now()}}}, nil
	}
	s.SetStatuses(supervisor.Status{Bot: "alpha", State: supervisor.Revoked, Since: s.Now()})
	v := s.VisitorAs("op@example.org")
	page := v.Get("/operator")
	v.Submit(page, "/operator/city-suspend#city-ghent", "city", "ghent", "why", "Its reports name people, and nobody answers our mails about that.").Want(200)
	v.Submit(page, "/operator/instance-block#blocks", "kind", "instance", "whom", "spam.social.example", "remark", "Adverts in three cities, day after day").Want(200)
	v.Submit(v.Get("/operator"), "/operator/instance-block#blocks", "kind", "address", "whom", "somebody@example.net", "term", "30").Want(200)
	v.Submit(v.Get("/operator"), "/operator/announce#announcements", "english", "On Sunday at 3 am the server gets more memory. Reports wait for a quarter of an hour.",
		"german", "Am Sonntag um 3 Uhr bekommt der Server mehr Speicher. Meldungen warten eine Viertelstunde.", "public", "on", "mail", "on").Want(200)
	s.Site.Commands.Registration, s.Site.Unregistered = config.ByApproval, false
	s.VisitorAs("ada@example.org").Post("/cities", "city", "graz", "title", "Graz").At("/city/graz")
	s.Site.Unregistered = true
	base, err := url.Parse(s.URL)
	frontendtest.Check(t, err)
	operator, owner := v.Client.Jar.Cookies(base), s.VisitorAs("ada@example.org").Client.Jar.Cookies(base)
	camera := pictures.New(t, s.URL)
	shoot := func(name, path string, width int64, dark bool, lang string, cookies ...*http.Cookie) {
		t.Helper()
		scheme := map[bool]string{false: "light", true: "dark"}[dark]
		camera.Take(pictures.Shot{Name: fmt.Sprintf("%s-%s-%d-%s", name, lang, width, scheme), Path: path, Width: width, Scheme: scheme,
			Cookies: append(cookies, &http.Cookie{Name: "lang", Value: lang})})
	}
	for _, width := range []int64{390, 1280} {
		for _, dark := range []bool{false, true} {
			lang := map[bool]string{false: "de", true: "en"}[dark]
			shoot("privacy", "/privacy", width, dark, lang)
			shoot("operator", "/operator", width, dark, lang, operator...)
			shoot("suspended", "/city/ghent/people", width, dark, lang, owner...)
			shoot("suspended-public", "/c/ghent", width, dark, lang)
			shoot("waiting", "/city/graz/people", width, dark, lang, owner...)
			shoot("closed", "/register", width, dark, lang)
		}
	}
}
