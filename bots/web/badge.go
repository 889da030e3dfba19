package web

import (
	"math"
	"strconv"
	"unicode/utf8"

	"linienfunk/report"
)

// badge is a line's name on its colour, as SVG: a page's content security policy allows no colours in HTML that come with the content.
type badge struct {
	Name      string
	Fill, Ink string // colours, #rrggbb; Fill is empty for a line without one
	Width     int    // pixels; the height is that of post.html
	Middle    float64
	Round     int // radius of the corners
}

// Kinds whose signs are pills; those of other lines have corners.
var pills = map[string]bool{"suburban": true, "ferry": true}

func badgeOf(l report.Line) badge {
	b := badge{Name: l.Name, Width: 14 + 9*utf8.RuneCountInString(l.Name), Round: 4}
	b.Middle = float64(b.Width) / 2
	if pills[l.Kind] {
		b.Round = 11
	}
	if rgb, err := strconv.ParseUint(l.Color, 16, 24); err == nil && len(l.Color) == 6 {
		b.Fill, b.Ink = "#"+l.Color, inkOn(uint32(rgb))
	}
	return b
}

// inkOn returns the one of black and white that reads better on a colour. Its contrast is at least 4.5, whatever the colour (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance).
func inkOn(rgb uint32) string {
	if luminance(rgb) > 0.179 { // there both contrasts are the same
		return "#000000"
	}
	return "#ffffff"
}

func luminance(rgb uint32) float64 {
	share := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*share(16) + 0.7152*share(8) + 0.0722*share(0)
}
