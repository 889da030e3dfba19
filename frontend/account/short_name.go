package account

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// latin spells letters that are no base letter with an accent; umlauts as German addresses do. page.js has the same.
var latin = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "oe", "œ", "oe", "đ", "d", "ð", "d", "þ", "th",
	"ł", "l", "ı", "i", "ħ", "h", "'", "", "’", "")

// maxName is the length of a city's short name.
const maxName = 32

// shortName proposes a city's short name: Zürich is zuerich, Saint-Étienne is saint-etienne. It is empty for a title without Latin
// letters.
func shortName(title string) string {
	var name strings.Builder
	for _, r := range norm.NFD.String(latin.Replace(norm.NFC.String(strings.ToLower(title)))) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && name.Len() > 0:
			name.WriteRune(r)
		case r >= 0x300 && r < 0x370: // an accent
		case name.Len() > 0 && !strings.HasSuffix(name.String(), "-"):
			name.WriteByte('-')
		}
	}
	short := name.String()
	if len(short) > maxName {
		short = short[:maxName+1]
		if cut := strings.LastIndexByte(short, '-'); cut > 0 {
			short = short[:cut]
		}
		short = short[:min(len(short), maxName)]
	}
	return strings.Trim(short, "-")
}

// browserZones are time zones that browsers name as they were called when CLDR began
// (https://github.com/unicode-org/cldr/blob/main/common/bcp47/timezone.xml), with their present names.
var browserZones = map[string]string{
	"Africa/Asmera": "Africa/Asmara", "America/Buenos_Aires": "America/Argentina/Buenos_Aires", "America/Catamarca": "America/Argentina/Catamarca",
	"America/Coral_Harbour": "America/Atikokan", "America/Cordoba": "America/Argentina/Cordoba", "America/Godthab": "America/Nuuk",
	"America/Indianapolis": "America/Indiana/Indianapolis", "America/Jujuy": "America/Argentina/Jujuy",
	"America/Louisville": "America/Kentucky/Louisville", "America/Mendoza": "America/Argentina/Mendoza", "Asia/Calcutta": "Asia/Kolkata",
	"Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "Asia/Saigon": "Asia/Ho_Chi_Minh", "Atlantic/Faeroe": "Atlantic/Faroe",
	"Europe/Kiev": "Europe/Kyiv", "Pacific/Enderbury": "Pacific/Kanton", "Pacific/Ponape": "Pacific/Pohnpei", "Pacific/Truk": "Pacific/Chuuk",
}
