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
	fetchPause   = 5 * time.Minute // after a policy could not be fetched, and the least that one counts
	maxPolicies  = 10_000          // domains remembered
)

// policy is what a domain says about the servers that take its mail. The zero policy allows everything.
type policy struct {
	enforce bool
	mx      []string // in lower case; "*." stands for one label
	age     time.Duration
}

// allows says whether mail may go to a host: RFC 8461, section 4.1.
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

// parsePolicy reads the file of RFC 8461, section 3.2.
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
		} else if _, again := seen[key]; !again { // the first one counts
			seen[key] = value
		}
	}
	seconds, err := strconv.ParseInt(seen["max_age"], 10, 64)
	mode := seen["mode"]
	switch {
	case seen["version"] != "stsv1":
		return policy{}, errors.New("not a policy of version STSv1")
	case mode != "enforce" && mode != "testing" && mode != "none":
		return policy{}, errors.New("no mode that is known")
	case err != nil || seconds < 0:
		return policy{}, errors.New("max_age is no number of seconds")
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

// policyID is the id in a domain's TXT records at _mta-sts, or empty if it has no policy: RFC 8461, section 3.1.
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

// policies remembers what was fetched, in memory: after a start the first mail to each domain fetches anew.
type policies struct {
	resolver Resolver
	http     *http.Client
	now      func() time.Time

	mu    sync.Mutex
	known map[string]knownPolicy
}

type knownPolicy struct {
	policy
	id    string
	until time.Time // it counts that long
	tried time.Time // when fetching last failed
}

// newPolicies takes a client whose redirects are not followed: RFC 8461, section 3.3.
func newPolicies(r Resolver, client *http.Client, now func() time.Time) *policies {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &policies{resolver: r, http: &direct, now: now, known: map[string]knownPolicy{}}
}

// of returns the policy that counts for a domain now. One that is known counts for its max_age, even if nothing can be
// looked up or fetched any more: whoever could suppress that could otherwise suppress the policy.
func (p *policies) of(ctx context.Context, domain string) policy {
	now := p.now()
	p.mu.Lock()
	known := p.known[domain]
	p.mu.Unlock()
	valid := now.Before(known.until)
	records, err := p.resolver.LookupTXT(ctx, "_mta-sts."+domain+".")
	id := policyID(records)
	if err == nil && id != "" && (!valid || id != known.id) && now.Sub(known.tried) >= fetchPause {
		fetched, err := p.fetch(ctx, domain)
		if err == nil {
			known = knownPolicy{policy: fetched, id: id, until: now.Add(max(fetched.age, fetchPause))}
		} else {
			known.tried = now
		}
		p.remember(domain, known)
	}
	if now.Before(known.until) {
		return known.policy
	}
	return policy{}
}

func (p *policies) remember(domain string, known knownPolicy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPolicies {
		for other := range p.known { // any one
			delete(p.known, other)
			break
		}
	}
	p.known[domain] = known
}

func (p *policies) fetch(ctx context.Context, domain string) (policy, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://mta-sts."+domain+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		return policy{}, err
	}
	answer, err := p.http.Do(r)
	if err != nil {
		return policy{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return policy{}, fmt.Errorf("answered %d", answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxPolicy+1))
	if err != nil || len(text) > maxPolicy {
		return policy{}, errors.New("it is too large, or broke off")
	}
	return parsePolicy(text)
}
