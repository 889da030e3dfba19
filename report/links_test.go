package report

import (
	"strings"
	"testing"

	"linienfunk/internal/testkit/table"
)

func TestALinkThroughAScannerIsReplacedByTheAddressInside(t *testing.T) {
	const want = "https://karte.example/u8?linie=8&ort=zoo"
	for name, wrapped := range map[string]string{
		"Outlook":                  "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo&data=05%7C02%7Cerika%40beispiel.example%7C0123%7C0%7C0%7C6384%7CUnknown%7C&sdata=abc%3D&reserved=0",
		"Outlook, parameters last": "https://nam12.safelinks.protection.outlook.com/ap/w-59584e83/?data=05%7C02%7Cerika%40beispiel.example&url=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo",
		"Outlook, in HTML":         "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo&amp;data=05%7C02%7Cerika%40beispiel.example",
		"Outlook, with a port":     "https://eur01.safelinks.protection.outlook.com:443/?url=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo&data=x",
		"URL Defense 1":            "https://urldefense.proofpoint.com/v1/url?u=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo&k=abc",
		"URL Defense 2":            "https://urldefense.proofpoint.com/v2/url?u=https-3A__karte.example_u8-3Flinie-3D8-26ort-3Dzoo&d=DwMFaQ&c=abc&r=ZXJpa2E&m=x&s=y&e=",
		"URL Defense 3":            "https://urldefense.com/v3/__https://karte.example/u8?linie=8*ort=zoo__;Jg!!abc!def$",
		"URL Defense 3 with a run": "https://urldefense.us/v3/__https://karte.example/u8?linie=8**C=zoo__;Jm9ydA!!abc!def$",
		"Barracuda":                "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fkarte.example%2fu8%3flinie%3d8%26ort%3dzoo&c=E,1,abc&typo=1",
		"Sophos":                   "https://eu-central-1.protection.sophos.com/?d=karte.example&u=aHR0cHM6Ly9rYXJ0ZS5leGFtcGxlL3U4P2xpbmllPTgmb3J0PXpvbw==&p=m&i=abc",
		"Cisco":                    "https://secure-web.cisco.com/1abc-def/https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo",
		"Check Point":              "https://url.avanan.click/v2/___https://karte.example/u8?linie=8&ort=zoo___.YXAz",
		"GMX":                      "https://deref-gmx.net/mail/client/abc/dereferrer/?redirectUrl=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo",
		"one with a mailbox":       "https://klick.example/r?to=erika%40beispiel.example&ziel=https%3A%2F%2Fkarte.example%2Fu8%3Flinie%3D8%26ort%3Dzoo",
		"one in the other":         "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Flinkprotect.cudasvc.com%2Furl%3Fa%3Dhttps%253a%252f%252fkarte.example%252fu8%253flinie%253d8%2526ort%253dzoo&data=x",
		"one that is none":         want,
	} {
		for _, around := range []string{"%s", "Kontrolle U8: %s.", "Karte<%s>", "(%s)", "%s\nzwei Leute"} {
			text, clean := strings.Replace(around, "%s", wrapped, 1), strings.Replace(around, "%s", want, 1)
			if got := Clean(text); got != clean {
				t.Errorf("%s: %q became %q", name, text, got)
			}
		}
	}
}

func TestNoMailboxIsLeftInALink(t *testing.T) {
	table.Check(t, Clean, map[string]string{
		"https://liste.example/abmelden?email=erika%40beispiel.example":                                "https://liste.example/abmelden",
		"https://liste.example/abmelden?a=1&email=erika@beispiel.example&b=2#c":                        "https://liste.example/abmelden?a=1&b=2#c",
		"https://liste.example/abmelden/erika%40beispiel.example/ja":                                   "https://liste.example/abmelden/",
		"https://liste.example/#erika@beispiel.example":                                                "https://liste.example/",
		"https://liste.example/?x=erika%2540beispiel.example":                                          "https://liste.example/",
		"https://erika:geheim@beispiel.example/u8":                                                     "https://beispiel.example/u8",
		"https://eur01.safelinks.protection.outlook.com/?data=05%7Cerika%40beispiel.example":           "https://eur01.safelinks.protection.outlook.com/",
		"https://eur01.safelinks.protection.outlook.com/?url=mailto%3Aerika%40beispiel.example&data=x": "https://eur01.safelinks.protection.outlook.com/",
	})
}

func TestOtherLinksStay(t *testing.T) {
	for _, text := range []string{
		"https://social.example/@marta/12345", "https://social.example/@marta@other.example/12345", "https://karte.example/@52.5,13.4,15z", "https://karte.example/?url=https%3A%2F%2Fx.example",
		"https://paket.example/npm/x@1.2.3/min.js", "https://matrix.example/#/@marta:other.example", "https://karte.example/a_(b)?c=d%20e&f", "http://karte.example:8080/?q=1;2", "https://karte.example/100%", "marta@rider.example",
		"https://karte.example/?a=%zz", "https://[::1]/x", "https://", "siehe https://karte.example/u8, und https://karte.example/u7.",
	} {
		if got := Clean(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
