package inbound

import (
	"strings"
	"testing"

	"linienfunk/mail/text"
)

func TestTheClientIsReadFromReceivedHeaders(t *testing.T) {
	for value, want := range map[string]string{
		"from mx.a.example (mx.a.example [192.0.2.1])\r\n\tby b (Postfix) with ESMTP id 1; Sat, 21 Nov 2026 12:00:00 +0000": "mx.a.example 192.0.2.1",
		"from mx.a.example (unknown [IPv6:2001:db8::1]) by b":                                                               "mx.a.example 2001:db8::1",
		"from mx.a.example ([192.0.2.1] helo=other.example) by b with esmtp":                                                "mx.a.example 192.0.2.1",
		"from [192.0.2.1] (helo=[192.0.2.66]) by b with esmtp (Exim 4.96)":                                                  " 192.0.2.1",
		"from [192.0.2.1]:4711 (helo=a) by b":                                                                               " 192.0.2.1",
		"from [192.0.2.66] (unknown [192.0.2.1]) by b (Postfix)":                                                            "[192.0.2.66] 192.0.2.1",
		"from x([192.0.2.66]) (unknown [192.0.2.1]) by b (Postfix)":                                                         "x([192.0.2.66]) 192.0.2.1",
		"from a.example (a.example [::ffff:192.0.2.1]) by b":                                                                "a.example 192.0.2.1",
		"from mx.a.example by b ([192.0.2.1]) with ESMTP":                                                                   " invalid IP",
		"from mx.a.example (a [999.0.2.1]) by b":                                                                            " invalid IP",
		"by 2002:a05:6402 with SMTP id 1; Sat, 21 Nov 2026 12:00:00 +0000":                                                  " invalid IP",
		"(qmail 4711 invoked by uid 1000)":                                                                                  " invalid IP",
		"":                                                                                                                  " invalid IP",
	} {
		helo, ip := parseReceived(value)
		if got := helo + " " + ip.String(); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

func TestALoginIsRecognisedInReceivedHeaders(t *testing.T) {
	for value, want := range map[string]bool{
		"from a (a [192.0.2.1])\r\n\tby b (Postfix) with ESMTPSA id 1":                         true,
		"from a (a [192.0.2.1])\r\n\t(using TLSv1.3)\r\n\tby b (Postfix) with ESMTPSA id 1":    true,
		"from [192.0.2.1] (helo=a) by b with esmtpa (Exim 4.96) (envelope-from <a@a>) id 1":    true,
		"from a ([192.0.2.1]) by b (OpenSMTPD) with ESMTPSA id 1 (TLSv1.3:x:256:NO)":           true,
		"from a (a [192.0.2.1]) by b (Postfix) with ESMTPS id 1":                               false,
		"from a (a [192.0.2.1]) by b with esmtp (envelope-from <\"x with esmtpa id\"@a>) id 1": false,
		"from with (by [192.0.2.1]) by b (Postfix) with UTF8SMTPSA id 1":                       true,
		"from a-with-ESMTPSA (a [192.0.2.1]) by b id 1":                                        false,
		"from a (a [192.0.2.1])": false,
	} {
		if isLoggedIn(value) != want {
			t.Errorf("%s: %v", value, !want)
		}
	}
}

func TestRelaysAreAddressesAndNetworks(t *testing.T) {
	found, err := ParseRelays("192.0.2.7, 2001:db8::/32 ::ffff:198.51.100.1")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"192.0.2.7": true, "192.0.2.8": false, "2001:db8::1": true, "198.51.100.1": true, "127.0.0.1": true, "::1": true} {
		if _, ip := parseReceived("from x (y [" + address + "]) by z"); found.has(ip) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
	if _, err := ParseRelays("192.0.2.7/99"); err == nil || !strings.HasPrefix(err.Error(), "relays: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzReceived(f *testing.F) {
	f.Add("from mx.a.example (mx.a.example [192.0.2.1])\r\n\tby b")
	f.Add("from [192.0.2.1] (helo=[192.0.2.66]) by b")
	f.Fuzz(func(t *testing.T, value string) {
		helo, ip := parseReceived(value)
		if !ip.IsValid() && helo != "" || ip.Zone() != "" || len(helo) > 255 {
			t.Errorf("%q, %s", helo, ip)
		}
	})
}

// FuzzMailsAreReadToTheirEndWhileSignaturesAreChecked: the reader of a mail must never wait for the check.
func FuzzMailsAreReadToTheirEndWhileSignaturesAreChecked(f *testing.F) {
	f.Add("DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=k; h=from; bh=; b=\r\nFrom: a@a.example\r\n\r\nx\r\n")
	f.Add("no header\r\n")
	f.Add("DKIM-Signature: \r\nDKIM-Signature: v=1\r\n\r\n")
	f.Fuzz(func(t *testing.T, message string) {
		v := checks{dns: nowhere{}}.verify(t.Context(), strings.NewReader(message))
		_, err := text.Parse(v)
		if found := v.end(err); len(found.domains) > 0 || err != nil {
			t.Errorf("%v, %v", found, err)
		}
	})
}
