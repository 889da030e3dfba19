package city_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit"
	"linienfunk/transit"
)

func TestATimetableAtAnAddressIsFetchedAndFetchedAgain(t *testing.T) {
	t.Parallel()
	var feed atomic.Value
	feed.Store(testkit.Feed(t, testkit.CityLines(20)...))
	publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(feed.Load().([]byte)) }))
	t.Cleanup(publisher.Close)
	s, v, _ := frontendtest.Berlin(t)
	send := func(address string) frontendtest.Answer {
		body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"address\"\r\n\r\n" + address + "\r\n--x--\r\n"
		return v.Send("POST", networkPath+"/feed", body, "Content-Type", "multipart/form-data; boundary=x", "Sec-Fetch-Site", "same-origin")
	}
	send("ftp://example.org/x.zip").Want(422, "An address that begins with https://", "ftp://example.org/x.zip")
	send(publisher.URL + "/gtfs.zip").At(networkPath).Want(200)
	testkit.Eventually(t, "the feed is read", func() bool {
		got, _, err := s.Site.Imports.Status(t.Context(), "berlin")
		frontendtest.Check(t, err)
		return got.State == transit.Read
	})
	v.Submit(v.Get(networkPath).Want(200, "gtfs.zip: what belongs to your city?"), networkPath+"/save#choice").
		At(networkPath).Want(200, "Saved.", "Fetched every week from", publisher.URL+"/gtfs.zip")
	before := linesOf(s, "berlin")

	feed.Store(testkit.Feed(t, testkit.CityLines(25)...))
	s.Advance(8 * 24 * time.Hour)
	s.Site.Imports.RefreshDue(t.Context())
	if after := linesOf(s, "berlin"); after == before || after == "" {
		t.Errorf("in force: %s", after)
	}
	v.Get("/city/berlin/history").Want(200, "The timetable was fetched again.")

	before = linesOf(s, "berlin")
	feed.Store([]byte("an error page"))
	s.Advance(8 * 24 * time.Hour)
	s.Site.Imports.RefreshDue(t.Context())
	v.Get(networkPath).Want(200, "The last attempt failed; the network stays as it is. This is not a zip file")
	if after := linesOf(s, "berlin"); after != before {
		t.Errorf("in force: %s", after)
	}

	v.Submit(v.Get(networkPath), networkPath+"/unfollow").At(networkPath).WantNot("Fetched every week")
}
