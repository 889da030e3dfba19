package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// get returns a page.
func (p *program) get(ctx context.Context, path string) (status int, body string, err error) {
	return fetch(ctx, http.DefaultClient, http.MethodGet, "http://"+p.http+path, nil)
}

func fetch(ctx context.Context, client *http.Client, method, address string, form url.Values) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	got, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return got.StatusCode, string(text), err
}

var formAction = regexp.MustCompile(`action="([^"]*/report)"`)

// submitForm sends a report by the form of a city's page, and says what the rider is told.
func (p *program) submitForm(ctx context.Context, city, text string) string {
	_, page, err := p.get(ctx, "/c/"+city)
	action := formAction.FindStringSubmatch(page)
	if err != nil || action == nil {
		return "no form"
	}
	status, body, err := fetch(ctx, http.DefaultClient, http.MethodPost, "http://"+p.http+action[1], url.Values{"text": {text}})
	switch {
	case err != nil:
		return "no answer"
	case status == http.StatusServiceUnavailable && strings.Contains(body, text):
		return "503, with the text to send again"
	case status == http.StatusOK:
		return "accepted"
	}
	return fmt.Sprint(status)
}

// admin is a browser that is logged in as the first city's admin.
type admin struct {
	client *http.Client
	page   string
}

var (
	demoPassword    = regexp.MustCompile(`log in as (\S+) with the password (\S+)`)
	settingsVersion = regexp.MustCompile(`name="base" value="([^"]*)"`)
)

// logIn logs in as the admin whom the demo has made, whose password is in the log of the preparation.
func (b *bench) logIn(ctx context.Context, p *program) (*admin, error) {
	for _, dir := range b.prepared {
		log, err := os.ReadFile(dir + ".log")
		if err != nil {
			return nil, err
		}
		found := demoPassword.FindStringSubmatch(string(log))
		if found == nil {
			continue
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, err
		}
		a := &admin{&http.Client{Jar: jar}, "http://" + p.http + "/city/" + cityName(0)}
		status, body, err := fetch(ctx, a.client, http.MethodPost, "http://"+p.http+"/login", url.Values{"address": {found[1]}, "password": {found[2]}})
		if err == nil && (status != http.StatusOK || !strings.Contains(body, cityName(0))) {
			err = fmt.Errorf("log in: %d", status)
		}
		return a, err
	}
	return nil, fmt.Errorf("no password of the demo's admin")
}

// save changes the text about the city, and reports whether the page says that it was saved.
func (a *admin) save(ctx context.Context, about string) bool {
	_, page, err := fetch(ctx, a.client, http.MethodGet, a.page, nil)
	version := settingsVersion.FindStringSubmatch(page)
	if err != nil || version == nil {
		return false
	}
	status, _, err := fetch(ctx, a.client, http.MethodPost, a.page, url.Values{"base": {version[1]}, "title": {"City 0"}, "about": {about}, "lang": {"en"},
		"active": {"on"}, "listed": {"on"}, "triggers": {"kontrolle"}, "freshness_minutes": {"30"}, "retention_hours": {"24"}})
	return err == nil && status == http.StatusOK
}
