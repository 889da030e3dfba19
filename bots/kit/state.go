package kit

import (
	"strings"

	"linienfunk/bots"
	"linienfunk/report"
)

// State says what has become of a report, for its post: how many people reported the same, and that it is over. It is empty for most reports. The
// network's texts are those of Files.
func State(pages bots.Pages, city bots.City, r report.Report) string {
	var sentences []string
	if r.People > 1 {
		sentences = append(sentences, pages.Text(city.Lang, "report-people", "Count", r.People))
	}
	if !r.Ended.IsZero() {
		sentences = append(sentences, pages.Text(city.Lang, "report-over", "Time", city.In(r.Ended).Format("15:04")))
	}
	return strings.Join(sentences, " ")
}

// TextWithState is the text of a report with its State below.
func TextWithState(pages bots.Pages, city bots.City, r report.Report) string {
	if state := State(pages, city, r); state != "" {
		return r.Text + "\n\n" + state
	}
	return r.Text
}
