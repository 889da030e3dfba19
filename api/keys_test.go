package api_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/db"
)

const status = "/api/v1/cities/bern/status"

func TestAKeyThatIsRevokedEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	w.call("GET", status, key, "").wants(t, "with the key", 200)
	keys, err := w.keys.List(t.Context(), "bern")
	w.check(err)
	if err := w.keys.Revoke(t.Context(), "ghent", keys[0].ID); !errors.Is(err, api.ErrNoKey) {
		t.Errorf("revoked by another city: %v", err)
	}
	w.check(w.keys.Revoke(t.Context(), "bern", keys[0].ID)) // as on another node
	if a := w.call("GET", status, key, "").wants(t, "after it", 401); a.header.Get("WWW-Authenticate") == "" || a.text("code") != "wrong-key" {
		t.Errorf("%v %s", a.header, a.body)
	}
}

func TestAKeyEndsWithItsTimeAndWithItsAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	w.check(w.db.Where("city = ?", "bern").Delete(&db.CityAdmin{}).Error)
	w.call("GET", status, key, "").wants(t, "of somebody who is no admin", 401)
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: w.adminOf("bern").ID}).Error)
	w.call("GET", status, key, "").wants(t, "of an admin", 200)
	w.clock.Advance(30 * 24 * time.Hour)
	w.call("GET", status, key, "").wants(t, "after its time", 401)
}

func TestAKeyMayDoNoMoreThanItsAdminNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	role := func(role db.Role) {
		w.check(w.db.Model(&db.CityAdmin{}).Where("city = ?", "bern").Update("role", role).Error)
	}
	role(db.RoleModerator)
	w.call("GET", status, key, "").wants(t, "what moderators may read", 200)
	w.call("POST", "/api/v1/pause", key, `{"city":"bern"}`).wants(t, "what only owners may do", 403)
	role(db.RoleOwner)
	w.call("POST", "/api/v1/pause", key, `{"city":"bern"}`).wants(t, "as an owner again", 200)
}

func TestAThousandWrongKeysDoNotLockOutTheRightOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	limited := false
	for i := range 1000 {
		wrong := []byte(key)
		wrong[len(wrong)-1-i%40] = "01"[i%2] // in no key
		a := w.call("GET", status, string(wrong), "")
		limited = limited || a.status == 429
		if a.status != 401 && a.status != 429 {
			t.Fatalf("a wrong key: %d", a.status)
		}
	}
	if !limited {
		t.Error("a client can try any number of keys")
	}
	w.call("GET", status, key, "").wants(t, "the right key", 200)
	for _, broken := range []string{"", "x", "lf_", strings.ToUpper(key), key + "x", key[:len(key)-1], " " + key[3:], strings.Replace(key, "_", "-", 1)} {
		if a := w.call("GET", status, broken, ""); a.status != 401 && a.status != 429 {
			t.Errorf("%q: %d", broken, a.status)
		}
	}
}

// TestAWrongFirstPartTakesAsLongAsAWrongSecret compares medians of pairs that were measured in turn, so that a busy machine slows both.
func TestAWrongFirstPartTakesAsLongAsAWrongSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	unknown, wrong := "lf_000000000000"+key[15:], key[:len(key)-1]+"0"
	var times [2][]time.Duration
	for range 500 {
		for i, text := range []string{unknown, wrong} {
			begun := time.Now()
			if _, err := w.keys.Use(t.Context(), text, ""); !errors.Is(err, api.ErrNoKey) {
				t.Fatal(err)
			}
			times[i] = append(times[i], time.Since(begun))
		}
	}
	slices.Sort(times[0])
	slices.Sort(times[1])
	a, b := times[0][250], times[1][250]
	t.Logf("unknown %s, wrong %s", a, b)
	if a > 2*b || b > 2*a {
		t.Errorf("a key that is not known takes %s, a wrong secret %s", a, b)
	}
}

func TestAKeyIsShownOnceAndStoredAsAHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	keys, err := w.keys.List(t.Context(), "bern")
	w.check(err)
	secret := key[len(key)-52:]
	if len(keys) != 1 || keys[0].Hash == "" || strings.Contains(keys[0].Hash, secret) || !strings.Contains(key, keys[0].Public) || strings.Contains(secret, keys[0].Public) {
		t.Errorf("%s is %+v", key, keys)
	}
}

func TestAKeyNeedsANameScopesAndATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct {
		name   string
		scopes []commands.Scope
		days   int
		want   error
	}{
		{" ", commands.Scopes, 30, api.ErrKeyName}, {strings.Repeat("x", 61), commands.Scopes, 30, api.ErrKeyName}, {"a\nb", commands.Scopes, 30, api.ErrKeyName},
		{"a", nil, 30, api.ErrScopes}, {"a", []commands.Scope{"everything"}, 30, api.ErrScopes}, {"a", commands.Scopes, 0, api.ErrKeyDays}, {"a", commands.Scopes, 367, api.ErrKeyDays},
	} {
		if _, _, err := w.keys.New(t.Context(), "bern", 1, one.name, one.scopes, one.days); !errors.Is(err, one.want) {
			t.Errorf("%+v: %v", one, err)
		}
	}
	for range api.MaxKeys {
		w.key("ghent")
	}
	if _, _, err := w.keys.New(t.Context(), "ghent", 1, "one more", commands.Scopes, 30); !errors.Is(err, api.ErrManyKeys) {
		t.Error(err)
	}
}

func TestAKeyHasALimitOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, other := w.key("bern"), w.key("bern")
	for {
		a := w.call("GET", "/api/v1/cities/bern/help", key, "")
		if a.header.Get("RateLimit-Limit") != "600" || a.header.Get("RateLimit-Remaining") == "" || a.header.Get("RateLimit-Reset") == "" {
			t.Fatalf("%v", a.header)
		}
		if a.status == 429 {
			if a.wants(t, "too many", 429); a.header.Get("Retry-After") == "" || a.header.Get("RateLimit-Remaining") != "0" {
				t.Errorf("%v", a.header)
			}
			break
		}
	}
	w.call("GET", status, other, "").wants(t, "another key", 200)
	w.clock.Advance(time.Second)
	w.call("GET", status, key, "").wants(t, "a second later", 200)
}

func TestALoginOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res, err := w.admin.Client.Get(w.program.URL() + status)
	w.check(err)
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("%d", res.StatusCode)
	}
	r := w.call("OPTIONS", "/api/v1/report", "", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	for name := range r.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s", name, r.header.Get(name))
		}
	}
}
