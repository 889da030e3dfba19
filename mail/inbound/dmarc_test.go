package inbound_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/foxcpp/go-mockdns"
)

var dkimKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// zones returns domains with various policies. Mails from 192.0.2.1 pass SPF, and those signed with dkimKey pass DKIM.
func zones() map[string]mockdns.Zone {
	const own = "v=spf1 ip4:192.0.2.1 -all"
	all := map[string]mockdns.Zone{"silent.example.": {}}
	for domain, policy := range map[string]string{
		"reject.example": "p=reject", "quarantine.example": "p=quarantine", "none.example": "p=none", "strict.example": "p=reject; adkim=s; aspf=s",
		"trial.example": "p=reject; pct=50", "trial2.example": "p=quarantine; pct=0", "mild.example": "p=reject; sp=none", "broken.example": "p=what",
	} {
		all[domain+"."] = mockdns.Zone{TXT: []string{own}}
		all["bounces."+domain+"."] = mockdns.Zone{TXT: []string{own}}
		all["_dmarc."+domain+"."] = mockdns.Zone{TXT: []string{"some text", "v=DMARC1; " + policy}}
		key := base64.StdEncoding.EncodeToString(dkimKey.Public().(ed25519.PublicKey))
		all["key._domainkey."+domain+"."] = mockdns.Zone{TXT: []string{"v=DKIM1; k=ed25519; p=" + key}}
	}
	away := &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	all["spf.example."] = mockdns.Zone{TXT: []string{own}}
	all["lost.example."] = mockdns.Zone{Err: away}
	all["_dmarc.lost.example."] = mockdns.Zone{Err: away}
	all["_dmarc.spflost.example."] = mockdns.Zone{TXT: []string{"v=DMARC1; p=reject"}}
	all["spflost.example."] = mockdns.Zone{Err: away}
	all["_dmarc.keylost.example."] = mockdns.Zone{TXT: []string{"v=DMARC1; p=reject"}}
	all["keylost.example."] = mockdns.Zone{TXT: []string{own}}
	all["key._domainkey.keylost.example."] = mockdns.Zone{Err: away}
	return all
}

// authentic is a mail to check by DMARC.
type authentic struct {
	author string // domain of From
	sender string // domain of the envelope, author's if empty
	from   string // address of the client of the outermost relay; empty if its Received has none
	with   string // protocol of the relay, ESMTP if empty
	signer string // domain of a DKIM signature
	spoilt bool   // the text was changed after signing
	extra  string // header, outside of the signature
}

func (a authentic) message(t testing.TB, relayed bool) (envelope, message string) {
	t.Helper()
	sender := a.author
	if a.sender != "" {
		sender = a.sender
	}
	message = "From: Marta <marta@" + a.author + ">\r\nMessage-ID: <1@" + a.author + ">\r\n\r\nkontrolle u8\r\n"
	if a.signer != "" {
		var signed bytes.Buffer
		err := dkim.Sign(&signed, strings.NewReader(message), &dkim.SignOptions{Domain: a.signer, Selector: "key", Signer: dkimKey})
		if err != nil {
			t.Fatal(err)
		}
		message = signed.String()
	}
	if a.spoilt {
		message = strings.Replace(message, "kontrolle u8", "kontrolle u9", 1)
	}
	message = a.extra + message
	if relayed && a.from != "" {
		with := "ESMTP"
		if a.with != "" {
			with = a.with
		}
		message = "Received: from mx.rider.example (unknown [" + a.from + "])\r\n\tby mx.linienfunk.example (Postfix) with " + with + " id 1\r\n" +
			"\tfor <zuerich@linienfunk.example>; Sat, 21 Nov 2026 12:00:00 +0000 (UTC)\r\n" + message
	}
	return "marta@" + sender, strings.ReplaceAll(message, "\r\n", "\n")
}

const (
	own, foreign = "192.0.2.1", "192.0.2.66"
	reject       = "DMARC: reject"
)

func TestAForgedMailBehindARelayIsDoubtful(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		authentic
		doubt string
	}{
		"its domain's own server":                        {authentic{author: "reject.example", from: own}, ""},
		"a foreign server, reject":                       {authentic{author: "reject.example", from: foreign}, reject},
		"a foreign server, quarantine":                   {authentic{author: "quarantine.example", from: foreign}, "DMARC: quarantine"},
		"a foreign server, none":                         {authentic{author: "none.example", from: foreign}, ""},
		"a foreign server, reject on trial":              {authentic{author: "trial.example", from: foreign}, "DMARC: quarantine"},
		"a foreign server, quarantine on trial":          {authentic{author: "trial2.example", from: foreign}, ""},
		"a policy that makes no sense, SPF fails":        {authentic{author: "broken.example", from: foreign}, "SPF: fail"},
		"a domain without any record":                    {authentic{author: "silent.example", from: foreign}, ""},
		"a domain with SPF only, its server":             {authentic{author: "spf.example", from: own}, ""},
		"a domain with SPF only, another":                {authentic{author: "spf.example", from: foreign}, "SPF: fail"},
		"SPF fails for another domain than the author's": {authentic{author: "silent.example", sender: "spf.example", from: foreign}, ""},
		"SPF passes for another domain":                  {authentic{author: "reject.example", sender: "spf.example", from: own}, reject},
		"SPF passes for a part of the domain":            {authentic{author: "reject.example", sender: "bounces.reject.example", from: own}, ""},
		"and that is not enough":                         {authentic{author: "strict.example", sender: "bounces.strict.example", from: own}, reject},
		"a part of the domain, which inherits":           {authentic{author: "a.reject.example", from: foreign}, reject},
		"a part of the domain, with a policy of its own": {authentic{author: "a.mild.example", from: foreign}, ""},
		"forwarded, signed":                              {authentic{author: "reject.example", sender: "silent.example", from: foreign, signer: "reject.example"}, ""},
		"forwarded, signed, changed":                     {authentic{author: "reject.example", from: foreign, signer: "reject.example", spoilt: true}, reject},
		"signed by another domain":                       {authentic{author: "reject.example", from: foreign, signer: "none.example"}, reject},
		"signed, without the client's address":           {authentic{author: "reject.example", signer: "reject.example"}, ""},
		"without the client's address":                   {authentic{author: "reject.example"}, ""},
		"changed, without the client's address":          {authentic{author: "reject.example", signer: "reject.example", spoilt: true}, ""},
		"no answer about the policy":                     {authentic{author: "lost.example", from: foreign}, ""},
		"no answer about SPF":                            {authentic{author: "spflost.example", from: foreign}, ""},
		"no answer about the key":                        {authentic{author: "keylost.example", from: foreign, signer: "keylost.example"}, ""},
		"two authors":                                    {authentic{author: "reject.example", from: own, extra: "From: admin@reject.example\r\n"}, "From: several authors"},
		"a forged Received below the true one":           {authentic{author: "reject.example", from: foreign, extra: "Received: from mx.reject.example (mx.reject.example [192.0.2.1]) by x; Sat, 21 Nov 2026 12:00:00 +0000\r\n"}, reject},
		"handed in with a login at our server":           {authentic{author: "reject.example", from: foreign, with: "ESMTPSA"}, ""},
		"handed in with a login at another one":          {authentic{author: "reject.example", from: foreign, extra: "Received: from a (a [192.0.2.66]) by x with ESMTPSA; Sat, 21 Nov 2026 12:00:00 +0000\r\n"}, reject},
		"two servers of our own":                         {authentic{author: "reject.example", from: "10.0.0.7", extra: "Received: from a (a [192.0.2.66]) by x; Sat, 21 Nov 2026 12:00:00 +0000\r\n"}, reject},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(s *server) { s.DNS = &mockdns.Resolver{Zones: zones()} })
			envelope, message := c.message(t, true)
			s.hello().Mail(envelope, zuerich, message, "250")
			got := s.all()
			if len(got) != 1 || got[0].doubt != c.doubt {
				t.Errorf("stored %+v, want a doubt %q", got, c.doubt)
			}
			proven := []string{"its domain's own server", "a domain with SPF only, its server", "SPF passes for a part of the domain", "forwarded, signed", "signed, without the client's address"}
			if s.proven != slices.Contains(proven, name) {
				t.Errorf("proven: %t", s.proven)
			}
		})
	}
}

func TestAForgedMailIsRejectedIfItCameFromItsClient(t *testing.T) {
	t.Parallel()
	all := zones()
	for name, zone := range all { // the client is on this machine
		for i, txt := range zone.TXT {
			zone.TXT[i] = strings.Replace(txt, "192.0.2.1", "127.0.0.99", 1)
		}
		all[name] = zone
	}
	s := serve(t, distrust, func(s *server) { s.DNS = &mockdns.Resolver{Zones: all} })
	c := s.hello()
	for domain, prefix := range map[string]string{"reject.example": "550 5.7.1", "quarantine.example": "250", "none.example": "250"} {
		// A Received of the client itself is ignored here.
		envelope, message := authentic{author: domain, from: "127.0.0.99"}.message(t, true)
		c.Mail(envelope, zuerich, message, prefix)
	}
	envelope, message := authentic{author: "reject.example", signer: "reject.example"}.message(t, false)
	c.Mail(envelope, zuerich, message, "250")
	s.wantStored(3)
	if log := s.log.String(); strings.Contains(log, "marta@") {
		t.Errorf("log:\n%s", log)
	}
}

func TestAMailWithTooManySignaturesIsNotRejected(t *testing.T) {
	t.Parallel()
	s := serve(t, distrust, func(s *server) { s.DNS = &mockdns.Resolver{Zones: zones()} })
	c := s.hello()
	envelope, message := authentic{author: "reject.example", signer: "reject.example"}.message(t, false)
	const another = "DKIM-Signature: v=1; a=ed25519-sha256; d=none.example; s=other; h=from; bh=; b=\n"
	c.Mail(envelope, zuerich, strings.Repeat(another, 4)+message, "250")
	c.Mail(envelope, ghent, strings.Repeat(another, 5)+message, "250") // the sixth signature may be valid
	if got := s.all(); len(got) != 2 || got[0].doubt != "" || got[1].doubt != reject {
		t.Errorf("stored %+v", got)
	}
}
