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

// maxResponse is the maximum size of a response in bytes. A hundred updates with the longest texts are below two million.
const maxResponse = 8 << 20

// errNotJSON means that something other than Telegram responded, such as a proxy.
type errNotJSON struct{ status int }

func (e *errNotJSON) Error() string { return fmt.Sprintf("response %d is not JSON", e.status) }

// errStatus is a server error, or an error code that the Bot API does not document.
type errStatus struct{ code int }

func (e *errStatus) Error() string { return fmt.Sprintf("response %d", e.code) }

var errTooLong = errors.New("response is too long")

// transport wraps the program's HTTP client for the library. It keeps the token, which is part of every URL, out of errors and
// out of the Referer of redirects, and limits the size of responses.
type transport struct {
	client *http.Client
}

func newTransport(client *http.Client) *transport {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &transport{client: &own}
}

// Do sends a request. Its errors do not contain the URL.
func (t *transport) Do(request *http.Request) (*http.Response, error) {
	response, err := t.client.Do(request)
	if err != nil {
		var withURL *url.Error
		for errors.As(err, &withURL) {
			err = withURL.Err
		}
		return nil, err
	}
	if err := checkResponse(response); err != nil {
		response.Body.Close()
		return nil, err
	}
	response.Body = &limitedBody{response.Body, maxResponse}
	return response, nil
}

// checkResponse returns an error for responses that are not the Bot API's JSON. Its JSON errors pass, for the library to read.
func checkResponse(response *http.Response) error {
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

// limitedBody fails when the body is longer than left bytes. io.LimitReader would cut it without an error.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
