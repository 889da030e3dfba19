package mastodon

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/internal/testkit/table"
)

func TestTheLinkHeaderNamesThePagesBesideThisOne(t *testing.T) {
	t.Parallel()
	newer := func(link string) string {
		return string(linked(http.Header{"Link": strings.Split(link, "\n")}, "min_id"))
	}
	table.Check(t, newer, map[string]string{
		"": "",
		`<https://a.example/api/v1/notifications?limit=80&max_id=01A>; rel="next", <https://a.example/api/v1/notifications?limit=80&min_id=01B>; rel="prev"`: "01B",
		"<https://a.example/?max_id=1>; rel=\"next\"\n<https://a.example/?min_id=7>; rel=\"prev\"":                                                           "7",
		`</api/v1/notifications?types[]=mention&min_id=7>;rel=prev`:                                                                                          "7",
		`<https://a.example/?types[]=a,b&min_id=%37>; rel="prev"; title="x, y"`:                                                                              "7",
		`<https://a.example/?max_id=1>; rel="next"`:                                                                                                          "",
		`<https://a.example/?min_id=>; rel="prev"`:                                                                                                           "",
		`https://a.example/?min_id=7; rel="prev"`:                                                                                                            "",
		`<https://a.example/%zz?min_id=7>; rel="prev"`:                                                                                                       "",
	})
}

func FuzzLinkHeader(f *testing.F) {
	f.Add(`<https://a.example/?max_id=1>; rel="next", <https://a.example/?min_id=7>; rel="prev"`)
	f.Add(`<<>?min_id=1>,<`)
	f.Fuzz(func(t *testing.T, link string) {
		if id := linked(http.Header{"Link": {link}}, "min_id"); id != "" && !strings.Contains(link, "min_id=") && !strings.Contains(link, "%") {
			t.Errorf("%q from %q", id, link)
		}
	})
}
