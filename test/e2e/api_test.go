package e2e

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/apiclient"
	"linienfunk/test/harness"
)

// apiProgram is another program, which a city's admin has given a key.
type apiProgram struct {
	t *testing.T
	*apiclient.ClientWithResponses
}

var keyText = regexp.MustCompile(`lf_[a-z2-7]{12}_[a-z2-7]{52}`)

// newKey makes a key on the city's page.
func (s *fixture) newKey(city string, scopes ...string) string {
	s.t.Helper()
	return newKey(s.t, s.admin, s.program.URL(), city, scopes...)
}

func newKey(t *testing.T, admin *harness.Browser, site, city string, scopes ...string) string {
	t.Helper()
	answer, err := admin.Client.PostForm(site+"/city/"+city+"/api/keys", map[string][]string{"name": {"program"}, "days": {"30"}, "scope": scopes})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	key := keyText.Find(page)
	if key == nil {
		t.Fatalf("no key: %s", answer.Status)
	}
	return string(key)
}

// newProgram makes a key, and a client with it that was generated from the description of the API.
func (s *fixture) newProgram(city string, scopes ...string) apiProgram {
	s.t.Helper()
	key := s.newKey(city, scopes...)
	client, err := apiclient.NewClientWithResponses(s.program.URL(), apiclient.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("x-api-key", key)
		return nil
	}))
	if err != nil {
		s.t.Fatal(err)
	}
	return apiProgram{s.t, client}
}

// reports are the city's newest reports.
func (p apiProgram) reports(city string) []apiclient.Report {
	p.t.Helper()
	got, err := p.ReportsWithResponse(p.t.Context(), city, &apiclient.ReportsParams{})
	if err != nil || got.JSON200 == nil {
		p.t.Fatalf("reports: %v, %s", err, got.Body)
	}
	return got.JSON200.Reports
}

func TestAProgramRunsACityWithAGeneratedClient(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	ctx := t.Context()
	p := s.newProgram("zuerich", "read", "report", "moderate", "settings")

	stored, err := p.ReportWithResponse(ctx, nil, apiclient.ReportJSONRequestBody{City: "zuerich", Text: "kontrolle u8 hermannplatz"})
	if err != nil || stored.JSON200 == nil {
		t.Fatalf("report: %v, %s", err, stored.Body)
	}
	s.waitEverywhere("kontrolle u8 hermannplatz")

	harness.SendMail(t, s.program, "zuerich", "am zoo steht wer")
	var held apiclient.Report
	testkit.Eventually(t, "a mail is held", func() bool {
		all := p.reports("zuerich")
		i := slices.IndexFunc(all, func(r apiclient.Report) bool { return r.Held })
		if i >= 0 {
			held = all[i]
		}
		return i >= 0
	})
	released, err := p.ReleaseWithResponse(ctx, nil, apiclient.ReleaseJSONRequestBody{City: "zuerich", Report: strconv.FormatInt(held.Report, 10)})
	if err != nil || released.JSON200 == nil {
		t.Fatalf("release: %v, %s", err, released.Body)
	}
	s.waitEverywhere("am zoo steht wer")

	shown, err := p.SettingsShowWithResponse(ctx, "zuerich", nil)
	if err != nil || shown.JSON200 == nil {
		t.Fatalf("settings: %v, %s", err, shown.Body)
	}
	change := func(match string) *apiclient.SettingsChangeResponse {
		t.Helper()
		changed, err := p.SettingsChangeWithApplicationMergePatchPlusJSONBodyWithResponse(ctx, "zuerich", &apiclient.SettingsChangeParams{IfMatch: match},
			apiclient.SettingsChangeApplicationMergePatchPlusJSONRequestBody{"triggers": append(shown.JSON200.Triggers, "zoo")})
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	tag := shown.HTTPResponse.Header.Get("ETag")
	if got := change(tag); got.JSON200 == nil || !slices.Contains(got.JSON200.Triggers, "zoo") {
		t.Fatalf("%s", got.Body)
	}
	if got := change(tag); got.ApplicationproblemJSONDefault == nil || got.StatusCode() != http.StatusPreconditionFailed {
		t.Errorf("the version before: %d %s", got.StatusCode(), got.Body)
	}

	withdrawn, err := p.WithdrawWithResponse(ctx, nil, apiclient.WithdrawJSONRequestBody{City: "zuerich", Report: stored.JSON200.Id})
	if err != nil || withdrawn.JSON200 == nil {
		t.Fatalf("withdraw: %v, %s", err, withdrawn.Body)
	}
	testkit.Eventually(t, "its post is deleted", func() bool { return !slices.Contains(s.posts(), "kontrolle u8 hermannplatz") })

	refused, err := p.SubscribeWithResponse(ctx, nil, apiclient.SubscribeJSONRequestBody{City: "zuerich", Network: "email", Person: "x@example.net"})
	if err != nil || refused.StatusCode() != http.StatusForbidden || refused.ApplicationproblemJSONDefault.Code != "scope" {
		t.Errorf("without the scope: %v, %s", err, refused.Body)
	}
	other, err := p.StatusWithResponse(ctx, "ghent", nil)
	if err != nil || other.StatusCode() != http.StatusNotFound {
		t.Errorf("another city: %v, %s", err, other.Body)
	}
}
