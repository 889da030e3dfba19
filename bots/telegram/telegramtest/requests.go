package telegramtest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// ServeHTTP follows https://core.telegram.org/bots/api#making-requests.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, method, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	params := parameters(r)
	s.mu.Lock()
	s.calls = append(s.calls, method)
	b := s.bots[token]
	s.mu.Unlock()
	if agent := r.UserAgent(); !strings.HasPrefix(strings.ToLower(agent), "linienfunk/") {
		s.complain("%s with the user agent %q", method, agent)
	}
	if !ok || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		s.complain("%s %s", r.Method, method)
		fail(w, http.StatusNotFound, "Not Found", nil)
		return
	}
	s.serveWithFault(w, r, method, func(w http.ResponseWriter) { s.call(w, r, b, method, params) })
}

func (s *Server) call(w http.ResponseWriter, r *http.Request, b *bot, method string, params map[string]string) {
	if b == nil {
		fail(w, http.StatusUnauthorized, "Unauthorized", nil)
		return
	}
	m, ok := methods[method]
	if !ok {
		s.complain("method %q", method)
		fail(w, http.StatusNotFound, "Not Found", nil)
		return
	}
	for name := range params {
		if !slices.Contains(m.params, name) {
			s.complain("%s: parameter %q", method, name)
		}
	}
	m.call(s, w, r, b, params)
}

// parameters reads a form or JSON body. The API also supports a query, which would write parameters into logs: it is not read.
func parameters(r *http.Request) map[string]string {
	out := map[string]string{}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client closed the connection
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		var raw map[string]json.RawMessage
		json.NewDecoder(r.Body).Decode(&raw)
		for name, value := range raw {
			out[name] = strings.Trim(string(value), `"`)
		}
		return out
	}
	r.ParseMultipartForm(1 << 20) // it fails for methods without parameters
	for name, values := range r.PostForm {
		out[name] = values[0]
	}
	return out
}

func succeed(w http.ResponseWriter, result any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": result})
}

// fail sends an error response, whose HTTP status is the error code.
func fail(w http.ResponseWriter, code int, description string, parameters map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	answer := map[string]any{"ok": false, "error_code": code, "description": description}
	if parameters != nil {
		answer["parameters"] = parameters
	}
	json.NewEncoder(w).Encode(answer)
}
