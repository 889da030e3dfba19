package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
)

// limited is a fixture with values of keys whose form can be sent.
type limited struct {
	*fixture
	t *testing.T
}

func withLimits(t *testing.T, values map[string]string) limited {
	t.Helper()
	f, o := newFixture(t), &bottest.Outbox{}
	f.listen(t, o.Out)
	for _, key := range configKeys() {
		if values[key.Name] == "" {
			values[key.Name] = key.Default
		}
	}
	r, _, err := readRates(f.Core.Limits, values)
	if err != nil {
		t.Fatal(err)
	}
	f.bot().rates = r
	return limited{f, t}
}

// taken sends n reports from each of the clients in turn, and returns how many are taken.
func (f limited) taken(city string, n int, clients ...string) (taken int) {
	f.t.Helper()
	for i := range n {
		for _, client := range clients {
			got := f.report(f.t, city, "", fmt.Sprintf("tram %d", i), "X-Client", client)
			switch got.status {
			case http.StatusSeeOther:
				taken++
			case http.StatusTooManyRequests:
				if got.header.Get("Retry-After") != "60" || !strings.Contains(got.body, fmt.Sprintf("tram %d</textarea>", i)) {
					f.t.Errorf("the answer to too many: %v", got.header)
				}
			default:
				f.t.Fatalf("status %d", got.status)
			}
		}
	}
	return taken
}

func TestOneAddressMaySendTwentyReportsAMinuteToEachCity(t *testing.T) {
	t.Parallel()
	f := withLimits(t, map[string]string{})
	if n := f.taken("ghent", 11, "[2001:db8::1]:1", "[2001:db8::ffff:2]:9"); n != 20 {
		t.Errorf("%d reports of an IPv6 /64 are taken", n)
	}
	if n := f.taken("ghent", 21, "192.0.2.1:1"); n != 20 {
		t.Errorf("%d of another address", n)
	}
	if n := f.taken("zuerich", 21, "[2001:db8::1]:1"); n != 20 {
		t.Errorf("%d of the first address to another city", n)
	}
	f.Advance(time.Minute)
	if n := f.taken("ghent", 1, "[2001:db8::1]:1"); n != 1 {
		t.Errorf("%d a minute later", n)
	}
}

func TestACityTakesItsOwnNumberOfReportsFromAllAddresses(t *testing.T) {
	t.Parallel()
	f := withLimits(t, map[string]string{"city_limit": "30", "address_limit": "4"})
	var clients []string
	for i := range 10 {
		clients = append(clients, fmt.Sprintf("198.51.100.%d:1", i))
	}
	if n := f.taken("ghent", 4, clients...); n != 30 {
		t.Errorf("%d of 40 reports are taken", n)
	}
	if n := f.taken("zuerich", 1, clients...); n != 10 {
		t.Errorf("a flood in one city leaves another one %d of 10", n)
	}
	f.Advance(time.Minute)
	if n := f.taken("ghent", 10, "192.0.2.1:1"); n != 4 {
		t.Errorf("%d of one address", n)
	}
	if n := f.taken("ghent", 3, clients...); n != 26 {
		t.Errorf("what one address was refused counts for the city: %d of 26", n)
	}
}

func TestAnAddressThatTheOperatorNamesMaySendMore(t *testing.T) {
	t.Parallel()
	f := withLimits(t, map[string]string{"address_limit": "2", "address_limits": "198.51.100.0/24=5, 2001:db8::/32=3"})
	for client, want := range map[string]int{"198.51.100.7:1": 7, "198.51.100.8:1": 7, "[2001:db8:1::1]:1": 5, "192.0.2.1:1": 2} {
		if n := f.taken("ghent", 9, client); n != want {
			t.Errorf("%d reports from %s, want %d", n, client, want)
		}
	}
}

func TestALimitThatCannotWorkNamesItsKey(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]string{"address_limit": "0", "city_limit": "many", "address_limits": "example.org=100"} {
		w := bottest.NewWorld(t, "web", Plugin())
		w.Core.Config[key] = value
		if _, err := New(w.Core); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s = %q: %v", key, value, err)
		}
		if named, err := Plugin().CheckConfig(w.Core.Config); named != key || err == nil {
			t.Errorf("the check names %s: %v", named, err)
		}
	}
}
