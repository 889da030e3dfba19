package testkit

import "net/http"

// Every httptest.Server that closes calls CloseIdleConnections of http.DefaultTransport, which breaks requests that other tests are about
// to send to servers of their own ("http: CloseIdleConnections called"). Tests run in parallel, so it must have no such method.
func init() {
	http.DefaultTransport = struct{ http.RoundTripper }{http.DefaultTransport}
}
