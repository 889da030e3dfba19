package telegramtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// setWebhook follows https://core.telegram.org/bots/api#setwebhook. Queued updates are kept.
func (s *Server) setWebhook(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	secret := params["secret_token"]
	if strings.ContainsFunc(secret, func(r rune) bool { return !strings.ContainsRune("_-", r) && !alphanumeric(r) }) || len(secret) > 256 {
		s.complain("secret_token %q", secret)
	}
	if !strings.HasPrefix(params["url"], "https://") {
		fail(w, http.StatusBadRequest, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook", nil)
		return
	}
	s.mu.Lock()
	b.webhook = params
	s.mu.Unlock()
	succeed(w, true)
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// deleteWebhook follows https://core.telegram.org/bots/api#deletewebhook.
func (s *Server) deleteWebhook(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	s.mu.Lock()
	b.webhook = nil
	if params["drop_pending_updates"] == "true" {
		b.updates = nil
	}
	s.mu.Unlock()
	succeed(w, true)
}

// getWebhookInfo follows https://core.telegram.org/bots/api#getwebhookinfo.
func (s *Server) getWebhookInfo(w http.ResponseWriter, _ *http.Request, b *bot, _ map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := map[string]any{"url": b.webhook["url"], "has_custom_certificate": false, "pending_update_count": len(b.updates)}
	if !b.webhookFailed.IsZero() {
		info["last_error_date"], info["last_error_message"] = b.webhookFailed.Unix(), "Wrong response from the webhook"
	}
	succeed(w, info)
}

// Webhook returns the parameters of a bot's setWebhook, such as url and secret_token; nil if none is set.
func (s *Server) Webhook(username string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.botNamed(username).webhook
}

// Push sends the queued updates to the webhook, one at a time, until a response is not 2xx. handler is the server at the webhook's URL
// and returns a status. Push returns the last status.
func (s *Server) Push(username string, handler func(url, secret string, update []byte) int) (status int) {
	for {
		s.mu.Lock()
		b := s.botNamed(username)
		if b.webhook == nil || len(b.updates) == 0 {
			s.mu.Unlock()
			return status
		}
		update, _ := json.Marshal(b.updates[0])
		url, secret := b.webhook["url"], b.webhook["secret_token"]
		s.mu.Unlock()
		if status = handler(url, secret, update); status/100 != 2 {
			s.mu.Lock()
			b.webhookFailed = time.Now()
			s.mu.Unlock()
			return status
		}
		s.mu.Lock()
		b.updates = b.updates[1:]
		s.mu.Unlock()
	}
}
