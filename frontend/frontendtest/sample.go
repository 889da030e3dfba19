package frontendtest

import (
	"fmt"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/report"
)

// Sample writes n reports into a city's ledger.
func (s *World) Sample(city string, n int) {
	for i := range n {
		r := report.Report{City: city, Bot: "feeds", ID: fmt.Sprint(i), At: s.Now().Add(-time.Duration(n-i) * 7 * time.Minute),
			Text: fmt.Sprintf("Report %d kontrolle u8 hermannplatz, zwei in zivil, richtung wittenau", i), Private: i%4 == 1}
		v := report.Verdict{Passed: true, List: report.Triggers, Rule: "kontrolle", Line: 2}
		to := []string{"alpha", "feeds"}
		switch i % 10 {
		case 3:
			v, to = report.Verdict{List: report.Triggers}, nil
		case 7:
			v, to = report.Verdict{List: report.Blocked, Rule: "depp", Line: 1}, nil
		}
		entries, err := s.Site.DB.Record(s.T.Context(), db.Judged{Report: r, Verdict: v, Status: db.Queued, Bots: to})
		Check(s.T, err)
		e := entries[0]
		for _, d := range e.Deliveries {
			d.Status, d.RemoteURL = db.Sent, fmt.Sprintf("https://example.social/@berlin/%d", i)
			switch {
			case d.Bot == "feeds" && i%10 == 9:
				d.Status, d.Detail, d.RemoteURL = db.Retrying, "fake-detail", ""
			case d.Bot == "feeds" && i%10 == 5:
				d.Status, d.Detail, d.RemoteURL = db.Failed, "fake-detail", "javascript:alert(1)"
			case d.Bot == "feeds":
				d.Served, d.RemoteURL = 214, ""
			case i%10 == 8:
				d.Status, d.RemoteURL = db.Expired, ""
			}
			Check(s.T, s.Site.DB.SaveDelivery(s.T.Context(), d))
		}
		if i%10 == 4 {
			Check(s.T, s.Site.DB.Model(&db.Entry{}).Where("id = ?", e.ID).Update("text", "").Error)
		}
	}
}

// SampleNumbers writes numbers of the last month into a city's, as many reports as a large city has.
func (s *World) SampleNumbers(city string) {
	last := s.Now().AddDate(0, 0, -s.Now().Day())
	add := func(kind, name string, reports int) {
		Check(s.T, s.Site.DB.Create(&db.Number{City: city, Period: last.Year()*10000 + int(last.Month())*100, Kind: kind, Name: name, Reports: reports}).Error)
	}
	for i, name := range []string{"U8", "U7", "M10", "S41", "Ring", "RB23", "100"} {
		add(db.NumberOfLine, name, 150/(i+1)-18)
	}
	for i, name := range []string{"Hermannplatz", "Kottbusser Tor", "S+U Frankfurter Allee", "Rathaus Neukölln", "Nordbahnhof/Gedenkstätte Berliner Mauer"} {
		add(db.NumberOfStop, name, 64/(i+1)-8)
	}
	for hour := 5; hour < 24; hour++ {
		for weekday := 1; weekday <= 7; weekday++ {
			if reports := (hour*13 + weekday*7) % 17 * (3 - (weekday+1)/4); reports > 0 {
				add(db.NumberOfHour, fmt.Sprintf("%d-%02d", weekday, hour), reports)
			}
		}
	}
}

// Deed puts an act into a city's log.
func (s *World) Deed(city string, act commands.Act) {
	s.T.Helper()
	act.City, act.At = city, db.Time(s.Now())
	Check(s.T, s.Site.DB.Create(&act).Error)
}
