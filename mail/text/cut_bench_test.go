package text

import (
	"strings"
	"testing"
)

// worst are what costs most in each rule, repeated to maxBody. None may take more than 100 ms on a server of ours.
var worst = map[string]string{
	"short lines":               "a\n",
	"blank lines":               "\n",
	"long lines":                strings.Repeat("kontrolle ", 39) + "\n",
	"one line":                  "kontrolle ",
	"quoted lines":              "> a\n",
	"answers in quotations":     "> a\nb\n",
	"addresses":                 "<a@b.c> ",
	"lines with an address":     "<a@b.c>\n",
	"dates":                     "12.3.2024 10:11 ",
	"lines with a date":         "12.3.2024 10:11\n",
	"dates and addresses":       "12.3.2024 10:11 <a@b.c> x\n",
	"attributions":              "12.3.2024 <a@b.c>:\n> x\n",
	"halves of attributions":    "On 12.3.2024 10:11 Erika\n<a@b.c> x\n",
	"attributions in a line":    "x 12.3.2024 <a@b.c>: ",
	"lines with a colon":        "a: b\n",
	"colons":                    "a: ",
	"lines of colons":           "a: b: c: d: e: f\n",
	"fields":                    "From: a@b.c\n\n",
	"half header blocks":        "From: a\nTo: b\nx\nx\nx\n",
	"dashes":                    "---- x ----\n",
	"rules":                     "----\n",
	"many dashes":               "-",
	"closings":                  "LG\n",
	"closings and names":        "LG Erika\nErika\n",
	"names":                     "Erika\n",
	"names behind dashes":       "- Erika\n",
	"phone numbers":             "Tel. 030 1234567\n",
	"digits":                    "1 ",
	"digits in lines":           "030 1234567 030 1234567 030 1234567 030 1234567 030 1234567\n",
	"advertisements":            "Sent from my iPhone\n",
	"advertisements and text":   "Sent from my iPhone\nx\n",
	"half advertisements":       strings.Repeat("Sent from iphone ", 20) + "\n",
	"disclaimers":               strings.Repeat("confidential ", 20) + "\n",
	"list footers":              "___\nunsubscribe\n",
	"pictures":                  "[cid:a@b]\n",
	"brackets":                  "[",
	"signs of quotations":       ">",
	"initials":                  "EB> x\n",
	"capitals":                  "A ",
	"spaces":                    " ",
	"letters without spaces":    "ä",
	"signatures of OpenPGP":     "-----BEGIN PGP SIGNED MESSAGE-----\n",
	"words for a message":       "nachricht ",
	"words for writing":         "schrieb ",
	"words for writing, colons": "schrieb: ",
}

func BenchmarkCut(b *testing.B) {
	for name, text := range worst {
		body := strings.Repeat(text, maxBody/len(text))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Cut(body)
			}
		})
	}
}

// pages are bodies in HTML: what mail programs send, and what costs most, each repeated to maxText.
var pages = map[string]string{
	"Outlook":              `<div class="WordSection1"><p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif">Kontrolle U8, zwei Leute<o:p></o:p></span></p></div>`,
	"newsletter":           `<table width="100%" cellpadding="0"><tr><td style="padding:0 10px;color:#333"><a href="https://beispiel.example/x?y=1&amp;z=2"><img src="https://beispiel.example/a.png" alt="Bild"></a>Kontrolle&nbsp;U8</td></tr></table>`,
	"text":                 "Kontrolle U8 am Hermannplatz, zwei Leute. ",
	"line breaks":          "Kontrolle U8<br>",
	"signatures":           `<div class="signature">Erika</div>`,
	"hidden elements":      `<div style="display:none;max-height:0;overflow:hidden">Erika</div>`,
	"open quotations":      "<blockquote>",
	"open elements":        "<div>",
	"links":                `<a href="https://eur.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbeispiel.example&amp;data=a%40b">x</a>`,
	"characters by number": "&#x1F600;",
	"broken tags":          "<a <b",
	"attributes":           "<p a=b c=d e=f>",
}

// BenchmarkHTML reads bodies in HTML and cuts them, and says how long a kilobyte takes.
func BenchmarkHTML(b *testing.B) {
	for name, page := range pages {
		page = "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + strings.Repeat(page, maxText/len(page))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m, err := Parse(strings.NewReader(page))
				if err != nil {
					b.Fatal(err)
				}
				m.Report()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(page)>>10), "ns/KB")
		})
	}
}
