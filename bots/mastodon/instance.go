package mastodon

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// errHost says that the name of the instance, as typed, is not valid.
var errHost = errors.New("not the name of an instance")

// errBlocked says that the operator lets no city connect to the instance.
var errBlocked = errors.New("the operator has blocked the instance")

// blockedServer reports whether the operator has blocked an instance, by where it is reached or by the domain of its accounts.
func (b *bot) blockedServer(instance, domain string) bool {
	_, host, _ := strings.Cut(instance, "://")
	return b.Core.Cities.ServerBlocked(host) || b.Core.Cities.ServerBlocked(domain)
}

// normalise turns what an admin types into the address of an instance: "chaos.social", "https://chaos.social/@x" and
// "@x@chaos.social" are https://chaos.social. plain allows http and ports on loopback.
func parseInstance(typed string, plain bool) (string, error) {
	typed = strings.TrimSpace(typed)
	scheme, rest, ok := strings.Cut(typed, "://")
	if !ok {
		scheme, rest = "", typed
	}
	if scheme = strings.ToLower(scheme); scheme != "" && scheme != "http" && scheme != "https" {
		return "", errHost
	}
	host, _, _ := strings.Cut(rest, "/")
	if scheme == "" {
		host = host[strings.LastIndexByte(host, '@')+1:]
	}
	host, port := splitPort(host)
	if plain && loopback(host) {
		if scheme == "" {
			scheme = "http"
		}
		return instanceURL(scheme, host, port)
	}
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || !domain(name) {
		return "", errHost
	}
	if again, err := idna.Lookup.ToASCII(name); err != nil || again != name {
		return "", errHost // such as bytes that are no UTF-8
	}
	return instanceURL("https", name, port)
}

func instanceURL(scheme, host, port string) (string, error) {
	if port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", errHost
		}
		host = net.JoinHostPort(host, port)
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	u, err := url.Parse(scheme + "://" + host)
	if err != nil || u.Host != host {
		return "", errHost
	}
	return u.String(), nil
}

func splitPort(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return strings.Trim(host, "[]"), ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// domain reports whether name is a valid host name for the public DNS.
func domain(name string) bool {
	labels := strings.Split(name, ".")
	if len(labels) < 2 || len(name) > 253 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != "" // else an IP address
}

// limits are an instance's limits for the length of a status.
type limits struct {
	Characters int
	PerURL     int // length that each URL counts as; 0: its real length
}

// instance is an instance's description. Version 2 has domain, version 1 had uri; max_toot_chars came from forks
// before 3.4. See https://docs.joinmastodon.org/entities/Instance/ and entities/V1_Instance/.
type instance struct {
	Domain        string `json:"domain"`
	URI           string `json:"uri"`
	AccountDomain string `json:"account_domain"` // of GoToSocial, if it differs
	SourceURL     string `json:"source_url"`
	Version       string `json:"version"`
	Configuration struct {
		Statuses struct {
			MaxCharacters int `json:"max_characters"`
			PerURL        int `json:"characters_reserved_per_url"`
		} `json:"statuses"`
		URLs struct {
			Streaming string `json:"streaming"`
		} `json:"urls"`
	} `json:"configuration"`
	URLs struct {
		StreamingAPI string `json:"streaming_api"` // of version 1
	} `json:"urls"`
	MaxTootChars int `json:"max_toot_chars"`
}

// errNoMastodon says that the host answers, but without the API.
var errNoMastodon = errors.New("not an instance of Mastodon")

// describe reads the instance's description: version 2, or version 1 if the instance has no version 2.
func (c *client) describe(ctx context.Context) (instance, error) {
	var found instance
	err := c.do(ctx, "/api/v2/instance", nil, &found)
	if code := status(err); code >= 400 && code < 500 && code != http.StatusUnauthorized {
		found = instance{}
		err = c.do(ctx, "/api/v1/instance", nil, &found)
	}
	if err != nil {
		return found, err
	}
	if found.Domain == "" {
		// uri is a host; Pleroma and its forks give a URL.
		found.Domain = found.URI
		if u, err := url.Parse(found.URI); err == nil && u.Host != "" {
			found.Domain = u.Host
		}
	}
	if found.Domain == "" || found.Version == "" {
		return found, errNoMastodon
	}
	if found.AccountDomain != "" {
		found.Domain = found.AccountDomain
	}
	return found, nil
}

func (i instance) limits() limits {
	l := limits{Characters: 500, PerURL: i.Configuration.Statuses.PerURL}
	switch {
	case i.Configuration.Statuses.MaxCharacters > 0:
		l.Characters = i.Configuration.Statuses.MaxCharacters
	case i.MaxTootChars > 0:
		l.Characters = i.MaxTootChars
	}
	return l
}

// streamingHost returns the host, with its port, where the instance says that its streams are; empty if it does not say.
func (i instance) streamingHost() string {
	for _, address := range []string{i.Configuration.URLs.Streaming, i.URLs.StreamingAPI} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return ""
}
