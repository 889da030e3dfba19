package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// answer is an HTTP response with its whole body.
type answer struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) do(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	got, err := f.try(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (f *fixture) try(ctx context.Context, method, path, body string, header ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(data)}, err
}

func (f *fixture) get(t testing.TB, path string, header ...string) answer {
	t.Helper()
	return f.do(t, http.MethodGet, path, "", header...)
}

var onceField = regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)

// openForm returns the nonce of a new form.
func (f *fixture) openForm(t testing.TB, city string) string {
	t.Helper()
	once, err := f.tryForm(t.Context(), city)
	if err != nil {
		t.Fatal(err)
	}
	return once
}

func (f *fixture) tryForm(ctx context.Context, city string) (string, error) {
	page, err := f.try(ctx, http.MethodGet, "/c/"+city+"/web/", "")
	if err != nil {
		return "", err
	}
	found := onceField.FindStringSubmatch(page.body)
	if found == nil {
		return "", fmt.Errorf("the page has no form: %d", page.status)
	}
	return found[1], nil
}

func (f *fixture) report(t testing.TB, city, once, text string, header ...string) answer {
	t.Helper()
	return f.do(t, http.MethodPost, "/c/"+city+"/web/report", url.Values{"once": {once}, "text": {text}}.Encode(), header...)
}
