package twitter

import (
	"maps"
	"testing"
	"time"

	"linienfunk/bots"
)

func defaults() map[string]string {
	values := map[string]string{}
	for _, key := range configKeys() {
		values[key.Name] = key.Default
	}
	return values
}

func TestTheDefaultsAreAConfigurationWithoutKeys(t *testing.T) {
	t.Parallel()
	o, _, err := readConfig(defaults())
	if err != nil || o.complete() {
		t.Fatalf("%+v, %v", o, err)
	}
	if o.api != "https://api.x.com" || o.version != "2" || o.poll != 15*time.Second || o.price.read != 5_000 || o.price.link != 200_000 {
		t.Errorf("got %+v", o)
	}
}

func TestAnInvalidConfigurationNamesItsKey(t *testing.T) {
	t.Parallel()
	for key, invalid := range map[string][]string{
		"consumer_key": {"only one"}, "consumer_secret": {"only one"},
		"api": {"api.x.com", "ftp://api.x.com", "https://api.x.com/2", "http://api.x.com", "http://127.0.0.1.example", "https://somebody@api.x.com",
			"https://api.x.com#x"},
		"dialect": {"3"}, "poll": {"15", "1s", "24h"},
		"price_read": {"free"}, "price_post": {"-1"}, "price_post_link": {"0,2"}, "price_user": {"1e3"}, "price_message": {"0.0000001"},
		"price_delete": {"1000.01"},
	} {
		for _, value := range invalid {
			values := defaults()
			values[key] = value
			if named, err := checkConfig(values); err == nil || named != key {
				t.Errorf("%s=%q: %s, %v", key, value, named, err)
			}
			if _, err := New(bots.Core{Name: "twitter", Config: maps.Clone(values)}); err == nil {
				t.Errorf("New accepted %s=%q", key, value)
			}
		}
	}
}

func TestThePaceKeepsWithinTheRatesOfX(t *testing.T) {
	t.Parallel()
	for _, poll := range []string{minPoll.String(), "15s", "1h"} {
		values := defaults()
		values["poll"] = poll
		made, err := New(bots.Core{Config: values})
		if err != nil {
			t.Fatal(err)
		}
		// https://docs.x.com/x-api/fundamentals/rate-limits: per user and 15 minutes, 300 requests for mentions and 15 for messages.
		timing := made.(*bot).timing
		if 15*time.Minute/timing.poll > 300 || 15*time.Minute/timing.message > 15 {
			t.Errorf("poll %s: %+v", poll, timing)
		}
	}
}

func TestAmountsAreExact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0.00", "5": "5.00", "0.005": "0.005", "0.2": "0.20", "0.200": "0.20", "1.": "1.00", "12.345678": "12.345678", "1000": "1000.00",
	} {
		got, err := parseAmount(text)
		if err != nil || got.String() != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	if amount(-1_500_000).String() != "-1.50" {
		t.Error("negative amounts are not shown")
	}
}

func FuzzAmount(f *testing.F) {
	for _, seed := range []string{"0.015", "1000", ".5", "1.0000001", "+1", "99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseAmount(text)
		if err != nil {
			return
		}
		if again, err := parseAmount(got.String()); err != nil || again != got || got < 0 || got > maxAmount {
			t.Errorf("%q is %d, then %d, %v", text, got, again, err)
		}
	})
}
