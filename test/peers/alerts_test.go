package peers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/web"
	"linienfunk/report"
)

// alertsPackage is the official bindings for JavaScript, made from gtfs-realtime.proto by other tools than ours.
const alertsPackage = "gtfs-realtime-bindings@2.2.0"

const decodeAlerts = `const { transit_realtime: rt } = require("gtfs-realtime-bindings");
const feed = rt.FeedMessage.decode(require("fs").readFileSync(0));
console.log(JSON.stringify(rt.FeedMessage.toObject(feed, { longs: String, enums: String })));`

func TestAlertsAreDecodedByTheOfficialBindings(t *testing.T) {
	t.Parallel()
	needs(t, "node", "npm")
	dir := t.TempDir()
	run(t, "npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", alertsPackage)
	must(t, os.WriteFile(filepath.Join(dir, "decode.js"), []byte(decodeAlerts), 0o600))

	w := bottest.NewWorld(t, "web", web.Plugin())
	at := w.Core.Now()
	_, err := w.Bot.(bots.Sender).Send(t.Context(), bots.Account{City: "zuerich"}, report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "Polizei Höhe Zoo", At: at, Means: report.Reading{
		Kind: "police", Lines: []report.Line{{Name: "4", ID: "route-4"}}, Stops: []report.Stop{{Name: "Zoo", ID: "stop-1"}, {Name: "Platz", ID: "stop-2"}}}})
	must(t, err)
	city, _, err := w.Core.Cities.City(t.Context(), "zuerich")
	must(t, err)
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/alerts.pb", nil)
	w.Bot.(bots.Public).Public().ServeHTTP(answer, bots.WithMount(request, bots.Mount{City: city, Path: "/c/zuerich/web", Lang: "de"}))

	command := exec.Command("node", "decode.js")
	command.Dir, command.Stdin, command.Stderr = dir, answer.Body, os.Stderr
	out, err := command.Output()
	var feed struct {
		Header struct{ GtfsRealtimeVersion, Incrementality string }
		Entity []struct {
			Alert struct {
				Cause, Effect  string
				ActivePeriod   []struct{ Start, End string }
				InformedEntity []struct{ RouteID, StopID string }
				HeaderText     struct {
					Translation []struct{ Text, Language string }
				}
				DescriptionText struct {
					Translation []struct{ Text, Language string }
				}
			}
		}
	}
	must(t, err, json.Unmarshal(out, &feed))
	if feed.Header.GtfsRealtimeVersion != "2.0" || feed.Header.Incrementality != "FULL_DATASET" || len(feed.Entity) != 1 {
		t.Fatalf("%s", out)
	}
	alert := feed.Entity[0].Alert
	if alert.Cause != "POLICE_ACTIVITY" || alert.ActivePeriod[0].Start != strconv.FormatInt(at.Unix(), 10) || len(alert.InformedEntity) != 2 ||
		alert.InformedEntity[1].RouteID != "route-4" || alert.InformedEntity[1].StopID != "stop-2" ||
		alert.HeaderText.Translation[0].Text != "4, Zoo, Platz" || alert.DescriptionText.Translation[0].Text != "Polizei Höhe Zoo" || alert.HeaderText.Translation[0].Language != "de" {
		t.Errorf("%s", out)
	}
}
