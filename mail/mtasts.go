package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits of MTA-STS policies: RFC 8461, sections 3.2 and 3.3.
const (
	maxPolicy    = 64 << 10               // bytes
	maxPolicyAge = 31557600 * time.Second // a year
	fetchTime    = 15 * time.Second
	fetchPause   = 5 * time.Minute // after a failed fetch; also the shortest time that a policy is cached
	maxPolicies  = 10_000          // domains in the cache
)

// policy is a domain's MTA-STS policy: which servers accept its mail, with a certificate that verifies. The zero policy allows any server.
type policy struct {
	enforce bool
	mx      []string // lower case; a leading "*." matches one label
	age     time.Duration
}

// allows reports whether the policy lists a host: RFC 8461, section 4.1.
func (p policy) allows(host string) bool {
	for _, pattern := range p.mx {
		if suffix, wild := strings.CutPrefix(pattern, "*."); wild {
			if _, rest, found := strings.Cut(host, "."); found && rest == suffix {
				return true
			}
		} else if host == pattern {
			return true
		}
	}
	return false
}

// parsePolicy parses the format of RFC 8461, section 3.2.
func parsePolicy(text []byte) (policy, error) {
	seen := map[string]string{}
	var p policy
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, found := strings.Cut(lines.Text(), ":")
		key, value = strings.TrimSpace(key), strings.ToLower(strings.TrimSpace(value))
		if !found {
			continue
		}
		if key == "mx" {
			p.mx = append(p.mx, strings.TrimSuffix(value, "."))
		} else if _, again := seen[key]; !again { // the first of repeated keys counts
			seen[key] = value
		}
	}
	seconds, err := strconv.ParseInt(seen["max_age"], 10, 64)
	mode := seen["mode"]
	switch {
	case seen["version"] != "stsv1":
		return policy{}, errors.New("not a policy of version STSv1")
	case mode != "enforce" && mode != "testing" && mode != "none":
		return policy{}, errors.New("unknown mode")
	case err != nil || seconds < 0:
		return policy{}, errors.New("max_age is not a number of seconds")
	case len(p.mx) == 0 && mode != "none":
		return policy{}, errors.New("no mx")
	}
	p.enforce = mode == "enforce"
	p.age = maxPolicyAge
	if seconds < int64(maxPolicyAge/time.Second) {
		p.age = time.Duration(seconds) * time.Second
	}
	return p, nil
}

// policyID returns the id in a domain's TXT records at _mta-sts; empty if it has no policy: RFC 8461, section 3.1.
func policyID(records []string) string {
	id, count := "", 0
	for _, record := range records {
		fields := strings.Split(record, ";")
		if strings.TrimSpace(fields[0]) != "v=STSv1" {
			continue
		}
		count++
		for _, field := range fields[1:] {
			if value, ok := strings.CutPrefix(strings.TrimSpace(field), "id="); ok {
				id = value
			}
		}
	}
	if count != 1 {
		return ""
	}
	return id
}

// policies is a cache in memory: after a start the first message to each domain fetches the policy again.
type policies struct {
	resolver Resolver
	http     *http.Client
	now      func() time.Time

	mu    sync.Mutex
	cache map[string]cachedPolicy
}

type cachedPolicy struct {
	policy
	id      string
	expires time.Time
	failed  time.Time // when fetching last failed
}

// newPolicies makes an empty cache. Redirects are not followed: RFC 8461, section 3.3.
func newPolicies(r Resolver, client *http.Client, now func() time.Time) *policies {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &policies{resolver: r, http: &direct, now: now, cache: map[string]cachedPolicy{}}
}

// get returns a domain's policy. A cached one is valid for its max_age even if DNS or HTTPS fail: otherwise an attacker who blocks
// them could disable the policy.
func (p *policies) get(ctx context.Context, domain string) policy {
	now := p.now()
	p.mu.Lock()
	cached := p.cache[domain]
	p.mu.Unlock()
	valid := now.Before(cached.expires)
	records, err := p.resolver.LookupTXT(ctx, "_mta-sts."+domain+".")
	id := policyID(records)
	if err == nil && id != "" && (!valid || id != cached.id) && now.Sub(cached.failed) >= fetchPause {
		fetched, err := p.fetch(ctx, domain)
		if err == nil {
			cached = cachedPolicy{policy: fetched, id: id, expires: now.Add(max(fetched.age, fetchPause))}
		} else {
			cached.failed = now
		}
		p.store(domain, cached)
	}
	if now.Before(cached.expires) {
		return cached.policy
	}
	return policy{}
}

func (p *policies) store(domain string, c cachedPolicy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.cache) >= maxPolicies {
		for other := range p.cache { // evicts any one
			delete(p.cache, other)
			break
		}
	}
	p.cache[domain] = c
}

func (p *policies) fetch(ctx context.Context, domain string) (policy, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://mta-sts."+domain+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		return policy{}, err
	}
	response, err := p.http.Do(r)
	if err != nil {
		return policy{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return policy{}, fmt.Errorf("status %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxPolicy+1))
	if err != nil || len(text) > maxPolicy {
		return policy{}, errors.New("policy too large or truncated")
	}
	return parsePolicy(text)
}
