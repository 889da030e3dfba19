package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/MobilityData/gtfs-realtime-bindings/golang/gtfs"
	"google.golang.org/protobuf/proto"

	"linienfunk/bots"
	"linienfunk/report"
)

var (
	u8    = report.Line{Name: "U8", Kind: "subway", Color: "224f86", ID: "17514"}
	platz = report.Stop{Name: "Hermannplatz", ID: "de:1", Lat: 52.487, Lon: 13.4247}
	ende  = report.Stop{Name: "Wittenau", ID: "de:2", Lat: 52.5964, Lon: 13.3339}
)

// sight sends a report with a reading to ghent's page.
func (f *fixture) sight(t testing.TB, id, text string, means report.Reading, with func(*report.Report)) {
	t.Helper()
	r := f.incoming("ghent", id, text)
	if r.Means = means; with != nil {
		with(&r)
	}
	if _, err := f.bot().Send(t.Context(), bots.Account{City: "ghent"}, r); err != nil {
		t.Fatal(err)
	}
}

// alerts reads the alerts and checks them by the rules of the GTFS Realtime validator
// (https://github.com/MobilityData/gtfs-realtime-validator/blob/master/RULES.md) that can be broken by service alerts.
func (f *fixture) alerts(t testing.TB) *gtfs.FeedMessage {
	t.Helper()
	answer := f.get(t, "/c/ghent/alerts.pb")
	feed := &gtfs.FeedMessage{}
	if err := proto.Unmarshal([]byte(answer.body), feed); err != nil { // also if a required field is missing: E048, E049, E038
		t.Fatal(err)
	}
	now := f.Core.Now()
	if h := feed.GetHeader(); h.GetGtfsRealtimeVersion() != "2.0" || h.GetIncrementality() != gtfs.FeedHeader_FULL_DATASET || h.Timestamp == nil {
		t.Errorf("E038, E048, E049: %v", h)
	} else if at := time.Unix(int64(h.GetTimestamp()), 0); at.After(now) || now.Sub(at) > 65*time.Second {
		t.Errorf("E050, W008: of %v, now %v", at, now)
	}
	ids := map[string]bool{}
	for _, e := range feed.Entity {
		if ids[e.GetId()] || e.GetId() == "" || e.IsDeleted != nil || e.Alert == nil { // E052, E039
			t.Errorf("entity %v", e)
		}
		ids[e.GetId()] = true
		if len(e.Alert.InformedEntity) == 0 {
			t.Errorf("E032: %v", e)
		}
		for _, one := range e.Alert.InformedEntity {
			if one.RouteId == nil && one.StopId == nil || one.RouteId != nil && one.GetRouteId() == "" || one.StopId != nil && one.GetStopId() == "" {
				t.Errorf("E033: %v", one)
			}
		}
		for _, p := range e.Alert.ActivePeriod {
			if p.GetStart() > p.GetEnd() || p.GetEnd() > 1e11 { // E001
				t.Errorf("period %v", p)
			}
		}
		if len(e.Alert.GetHeaderText().GetTranslation()) != 1 || e.Alert.HeaderText.Translation[0].GetText() == "" || e.Alert.HeaderText.Translation[0].GetLanguage() == "" {
			t.Errorf("header: %v", e.Alert.HeaderText)
		}
	}
	return feed
}

func TestAFreshReportWithAPlaceIsAServiceAlert(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.sight(t, "1", "Kontrolle U8\nHermannplatz", report.Reading{Kind: "inspectors", Lines: []report.Line{u8}, Stops: []report.Stop{platz}, Directions: []report.Stop{ende}, Confidence: 1},
		func(r *report.Report) { r.People = 3 })
	f.sight(t, "2", "Wo denn?", report.Reading{Kind: "question"}, nil)
	f.sight(t, "3", "U8 gesperrt", report.Reading{Kind: "disruption", Lines: []report.Line{u8}}, nil)
	f.sight(t, "4", "Ring", report.Reading{Kind: "other", Lines: []report.Line{{Name: "S41"}}}, nil) // from no feed
	feed := f.alerts(t)
	if len(feed.Entity) != 2 {
		t.Fatalf("%v", feed)
	}
	closed, seen := feed.Entity[0].Alert, feed.Entity[1].Alert
	if one := seen.InformedEntity; len(one) != 1 || one[0].GetRouteId() != "17514" || one[0].GetStopId() != "de:1" {
		t.Errorf("%v", one)
	}
	if seen.HeaderText.Translation[0].GetText() != "U8, Hermannplatz, → Wittenau" || !strings.Contains(seen.DescriptionText.Translation[0].GetText(), "Kontrolle U8 Hermannplatz 3 ") {
		t.Errorf("%v", seen)
	}
	if seen.GetEffect() != gtfs.Alert_OTHER_EFFECT || closed.GetSeverityLevel() != gtfs.Alert_WARNING || closed.InformedEntity[0].StopId != nil {
		t.Errorf("%v, %v", seen, closed)
	}
}

func TestAnAlertEndsWithTheReport(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	means := report.Reading{Kind: "inspectors", Lines: []report.Line{u8}}
	f.sight(t, "1", "Kontrolle", means, nil)
	f.sight(t, "2", "Kontrolle", means, func(r *report.Report) { r.Ended = r.At })
	if feed := f.alerts(t); len(feed.Entity) != 1 {
		t.Errorf("%v", feed)
	}
	f.Advance(24 * time.Hour)
	if feed := f.alerts(t); len(feed.Entity) != 0 {
		t.Errorf("a day later: %v", feed)
	}
}

func TestAlertsAsJSONHaveTheNamesOfTheReference(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.sight(t, "1", "Kontrolle", report.Reading{Kind: "police", Stops: []report.Stop{platz}}, nil)
	answer := f.get(t, "/c/ghent/alerts.json")
	var feed struct {
		Header struct {
			Version string `json:"gtfs_realtime_version"`
		}
		Entity []struct {
			Alert struct {
				Cause    string
				Informed []map[string]string `json:"informed_entity"`
			}
		}
	}
	if err := json.Unmarshal([]byte(answer.body), &feed); err != nil || feed.Header.Version != "2.0" || len(feed.Entity) != 1 ||
		feed.Entity[0].Alert.Cause != "POLICE_ACTIVITY" || feed.Entity[0].Alert.Informed[0]["stop_id"] != "de:1" {
		t.Errorf("%s", answer.body)
	}
	if got := answer.header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("other sites may not read it: %q", got)
	}
}

func TestACityWithoutAListHasNoAlerts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.SetOption(t, "ghent", "list", false)
	if answer, err := f.try(t.Context(), http.MethodGet, "/c/ghent/alerts.pb", ""); err != nil || answer.status != http.StatusNotFound {
		t.Errorf("%d, %v", answer.status, err)
	}
}

func TestFeedsSayWhereItIsAndHowManyHaveSeenIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.sight(t, "1", "Kontrolle U8 Hermannplatz", report.Reading{Kind: "inspectors", Lines: []report.Line{u8}, Stops: []report.Stop{platz}},
		func(r *report.Report) { r.People = 3 })
	if atom := f.get(t, "/c/ghent/feed.atom").body; !strings.Contains(atom, `xmlns:georss="http://www.georss.org/georss"`) || !strings.Contains(atom, "<georss:point>52.487000 13.424700</georss:point>") {
		t.Error(atom)
	}
	var feed struct {
		Items []struct {
			Report struct {
				Kind   string
				People int
				Lines  []report.Line
				Stops  []report.Stop
			} `json:"_linienfunk"`
		}
	}
	body := f.get(t, "/c/ghent/feed.json").body
	if err := json.Unmarshal([]byte(body), &feed); err != nil || len(feed.Items) != 1 {
		t.Fatalf("%s: %v", body, err)
	}
	if r := feed.Items[0].Report; r.Kind != "inspectors" || r.People != 3 || len(r.Lines) != 1 || r.Lines[0] != u8 || r.Stops[0].Lat != 52.487 {
		t.Errorf("%+v", r)
	}
}
