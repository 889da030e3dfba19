package telegram

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	tg "github.com/go-telegram/bot"
)

// maxBody is the longest answer read, in bytes: a hundred updates with the longest texts have less than two million.
const maxBody = 8 << 20

// errNotJSON says that something else than Telegram answered, such as a proxy in between.
type errNotJSON struct{ status int }

func (e *errNotJSON) Error() string { return fmt.Sprintf("answers %d, not in JSON", e.status) }

// errStatus is an answer that Telegram gives when it has trouble, or one that nobody knows.
type errStatus struct{ code int }

func (e *errStatus) Error() string { return fmt.Sprintf("answers %d", e.code) }

var errTooLong = errors.New("answer is too long")

// transport stands between the library and the program's HTTP client. It keeps the token, which is part of every address, out
// of errors and out of the Referer of redirects, and answers within bounds.
type transport struct {
	client *http.Client
	agent  string
}

func newTransport(client *http.Client, agent string) *transport {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &transport{client: &own, agent: agent}
}

// Do makes a request. Its errors do not tell the address.
func (t *transport) Do(request *http.Request) (*http.Response, error) {
	request.Header.Set("User-Agent", t.agent)
	response, err := t.client.Do(request)
	if err != nil {
		var wrapped *url.Error // which shows the address
		for errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	if err := check(response); err != nil {
		response.Body.Close()
		return nil, err
	}
	response.Body = &capped{response.Body, maxBody}
	return response, nil
}

func check(response *http.Response) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode >= 500:
		return &errStatus{response.StatusCode}
	case kind == "application/json" && response.StatusCode/100 != 3:
		return nil
	case response.StatusCode == http.StatusTooManyRequests: // of a proxy; Telegram's own is JSON
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return &tg.TooManyRequestsError{RetryAfter: seconds}
	}
	return &errNotJSON{response.StatusCode}
}

// capped is a body that fails when it is too long.
type capped struct {
	io.ReadCloser
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	n, err := c.ReadCloser.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
