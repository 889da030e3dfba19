package web

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/MobilityData/gtfs-realtime-bindings/golang/gtfs"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// serveAlerts serves the reports that are still fresh as GTFS Realtime Service Alerts (https://gtfs.org/documentation/realtime/reference/), without those
// that name no line and no stop of the city's network: an alert must say what it is about. The feed has the time of the request, as consumers
// reject one of more than 65 seconds.
func (b *bot) serveAlerts(mediaType string, marshal func(proto.Message) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		shareWithAll(w)
		if !showsList(r) {
			http.NotFound(w, r)
			return
		}
		city := bots.MountOf(r).City
		posts, err := b.latestPosts(r.Context(), city.Name)
		var body []byte
		if err == nil {
			body, err = marshal(b.alerts(city, posts))
		}
		if err != nil {
			b.serverError(w, r, "alerts", err)
			return
		}
		b.serveBody(w, r, mediaType, body, time.Time{}) // the core keeps it for 10 seconds
	}
}

// marshalAlerts writes the names of the fields as the reference has them.
func marshalAlerts(m proto.Message) ([]byte, error) {
	return protojson.MarshalOptions{Multiline: true, UseProtoNames: true}.Marshal(m)
}

func (b *bot) alerts(city bots.City, posts []post) *gtfs.FeedMessage {
	now := b.core.Now()
	feed := &gtfs.FeedMessage{Header: &gtfs.FeedHeader{
		GtfsRealtimeVersion: proto.String("2.0"), Incrementality: gtfs.FeedHeader_FULL_DATASET.Enum(), Timestamp: proto.Uint64(uint64(now.Unix())),
	}}
	for _, p := range posts {
		r := p.report()
		end := p.At.Add(city.Freshness)
		if !r.Ended.IsZero() && r.Ended.Before(end) {
			end = r.Ended
		}
		about := informed(r.Means)
		if len(about) == 0 || !end.After(now) {
			continue
		}
		feed.Entity = append(feed.Entity, &gtfs.FeedEntity{Id: proto.String("post-" + strconv.FormatUint(uint64(p.ID), 10)), Alert: b.alert(city, p, r, about, end)})
	}
	return feed
}

func (b *bot) alert(city bots.City, p post, r report.Report, about []*gtfs.EntitySelector, end time.Time) *gtfs.Alert {
	in := func(text string) *gtfs.TranslatedString {
		return &gtfs.TranslatedString{Translation: []*gtfs.TranslatedString_Translation{{Text: &text, Language: &city.Lang}}}
	}
	alert := &gtfs.Alert{
		ActivePeriod:   []*gtfs.TimeRange{{Start: proto.Uint64(uint64(p.At.Unix())), End: proto.Uint64(uint64(end.Unix()))}},
		InformedEntity: about, Cause: gtfs.Alert_UNKNOWN_CAUSE.Enum(), Effect: gtfs.Alert_UNKNOWN_EFFECT.Enum(), SeverityLevel: gtfs.Alert_INFO.Enum(),
		HeaderText: in(header(r.Means)), DescriptionText: in(strings.Join(strings.Fields(kit.TextWithState(b.core.Pages, city, r)), " ")),
		Url: in(b.postURL(p)),
	}
	switch r.Means.Kind {
	case "inspectors", "gone":
		alert.Cause, alert.Effect = gtfs.Alert_OTHER_CAUSE.Enum(), gtfs.Alert_OTHER_EFFECT.Enum()
	case "police":
		alert.Cause, alert.Effect = gtfs.Alert_POLICE_ACTIVITY.Enum(), gtfs.Alert_OTHER_EFFECT.Enum()
	case "disruption":
		alert.SeverityLevel = gtfs.Alert_WARNING.Enum()
	}
	return alert
}

// header is the place in a few words: "U8, Hermannplatz".
func header(m report.Reading) string {
	var names []string
	for _, line := range m.Lines {
		names = append(names, line.Name)
	}
	for _, stop := range m.Stops {
		names = append(names, stop.Name)
	}
	for _, stop := range m.Directions {
		names = append(names, "→ "+stop.Name)
	}
	return strings.Join(names, ", ")
}

// informed selects each line at each stop, or what is known of these. Lines and stops without an id come from no feed.
func informed(m report.Reading) (list []*gtfs.EntitySelector) {
	lines, stops := m.Lines, m.Stops
	if len(lines) == 0 {
		lines = []report.Line{{}}
	}
	if len(stops) == 0 {
		stops = []report.Stop{{}}
	}
	for _, line := range lines {
		for _, stop := range stops {
			if cmp.Or(line.ID, stop.ID) == "" {
				continue
			}
			one := &gtfs.EntitySelector{}
			if line.ID != "" {
				one.RouteId = &line.ID
			}
			if stop.ID != "" {
				one.StopId = &stop.ID
			}
			list = append(list, one)
		}
	}
	return list
}
