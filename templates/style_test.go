package templates

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// TestColoursReachTheContrastOfAA checks the pairs of colours that style.css puts on each other
// (https://www.w3.org/TR/WCAG22/#contrast-minimum and #non-text-contrast).
func TestColoursReachTheContrastOfAA(t *testing.T) {
	css, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := regexp.MustCompile(`(?s):root \{(.+?)\n *\}\n`).FindAllStringSubmatch(string(css), -1)
	if len(themes) != 2 {
		t.Fatalf("%d themes", len(themes))
	}
	lines := regexp.MustCompile(`\.line-(\d) \{ --line: (#\w+); --on-line: (#\w+) \}`).FindAllStringSubmatch(string(css), -1)
	if len(lines) != 12 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, theme := range themes {
		name := []string{"light", "dark"}[i]
		colours := map[string]string{}
		for _, found := range regexp.MustCompile(`--([a-z-]+): (#\w+);`).FindAllStringSubmatch(theme[1], -1) {
			colours[found[1]] = found[2]
		}
		pairs := [][3]string{{"line", "on-line", "4.5"}, {"line", "surface", "3"}, {"line", "ground", "3"}, {"edge", "surface", "3"},
			{"edge", "raised", "3"}, {"focus", "surface", "3"}, {"focus", "ground", "3"}, {"bad", "raised", "4.5"}}
		for _, back := range []string{"ground", "surface", "raised"} {
			for _, text := range []string{"ink", "muted", "link"} {
				pairs = append(pairs, [3]string{text, back, "4.5"})
			}
		}
		for _, kind := range []string{"good", "wait", "bad", "plain"} {
			pairs = append(pairs, [3]string{kind, kind + "-bg", "4.5"}, [3]string{"ink", kind + "-bg", "4.5"}, [3]string{kind, "surface", "4.5"})
		}
		for n, line := range lines[i*6 : i*6+6] {
			key := fmt.Sprint("line-", n+1)
			colours[key], colours["on-"+key] = line[2], line[3]
			pairs = append(pairs, [3]string{key, "on-" + key, "4.5"}, [3]string{key, "surface", "3"}, [3]string{key, "ground", "3"})
		}
		for _, pair := range pairs {
			want, _ := strconv.ParseFloat(pair[2], 64)
			if got := contrast(t, colours[pair[0]], colours[pair[1]]); got < want {
				t.Errorf("%s: %s on %s has contrast %.2f, wants %s", name, pair[0], pair[1], got, pair[2])
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func luminance(t *testing.T, colour string) float64 {
	if len(colour) == 4 {
		colour = "#" + colour[1:2] + colour[1:2] + colour[2:3] + colour[2:3] + colour[3:] + colour[3:]
	}
	n, err := strconv.ParseUint(colour[min(1, len(colour)):], 16, 32)
	if err != nil {
		t.Fatalf("colour %q: %v", colour, err)
	}
	sum := 0.0
	for i, share := range []float64{.0722, .7152, .2126} {
		c := float64(n>>(8*i)&255) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}
