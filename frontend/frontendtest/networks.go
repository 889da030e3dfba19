package frontendtest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"path/filepath"

	"linienfunk/internal/outgoing"
	"linienfunk/internal/testkit"
	"linienfunk/transit"
)

// runImports reads uploaded feeds, as the program does.
func (s *World) runImports(store *transit.Store, log *slog.Logger) *transit.Imports {
	i := transit.NewImports(store, filepath.Join(s.T.TempDir(), "feeds"), log)
	i.HTTP = outgoing.Client(true, "Linienfunk test")
	i.Apply = func(ctx context.Context, city, from, to string) error {
		return s.Site.Commands.RefreshNetwork(ctx, city, from, to)
	}
	testkit.Background(s.T, func(ctx context.Context) { _ = i.Run(ctx) })
	return i
}

func (s *World) runReaders(store *transit.Store, log *slog.Logger) *transit.Readers {
	r := transit.NewReaders(store, func(city string) (transit.Source, bool) {
		snapshot, _, _ := s.Node.Get(context.Background(), city)
		return snapshot.Reader()
	}, log, s.Now)
	testkit.Background(s.T, func(ctx context.Context) { _ = r.Run(ctx) })
	return r
}

// UploadFeed sends the form with a feed, as a browser would. pairs are the fields before the file.
func (v *Visitor) UploadFeed(city string, feed io.Reader, pairs ...string) Answer {
	v.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		Check(v.T, w.WriteField(pairs[i], pairs[i+1]))
	}
	part, err := w.CreateFormFile("file", "feed.zip")
	Check(v.T, err)
	_, err = io.Copy(part, feed)
	Check(v.T, err)
	Check(v.T, w.Close())
	return v.Send("POST", "/city/"+city+"/network/feed", body.String(), "Content-Type", w.FormDataContentType(), "Sec-Fetch-Site", "same-origin")
}

// ImportFeed uploads a feed and returns the page that shows the result.
func (v *Visitor) ImportFeed(city string, feed []byte, pairs ...string) Answer {
	v.T.Helper()
	v.UploadFeed(city, bytes.NewReader(feed), pairs...).At("/city/" + city + "/network").Want(200)
	testkit.Eventually(v.T, "the feed is read", func() bool {
		got, _, err := v.Site.Imports.Status(v.T.Context(), city)
		Check(v.T, err)
		return got.State != transit.Reading
	})
	return v.Get("/city/" + city + "/network")
}
