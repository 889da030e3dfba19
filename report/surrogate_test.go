package report_test

import (
	"testing"

	"linienfunk/report"
)

func TestASurrogateWithoutTheOtherIsFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"text":"Straße"}`: -1, `{"text":"Stra\u00dfe"}`: -1, `"\ud83d\ude8b"`: -1, `"\uD83D\uDE8B\n"`: -1, `"\\ud83d"`: -1, `"\\\\ud83d"`: -1,
		`"\ud83d"`: 1, `"a\ude8b"`: 2, `"\ud83d\ud83d\ude8b"`: 1, `"\ude8b\ud83d"`: 1, `"\ud83d\\ude8b"`: 1, `"\\\ud83d"`: 3, `{"\ud83d":1}`: 2, `"\ud83dx"`: 1,
		`\`: -1, `\u`: -1, `\ud8`: -1, `\ud83d\u`: 0, "": -1,
	} {
		if got := report.LoneSurrogate([]byte(text)); got != want {
			t.Errorf("%s: %d, not %d", text, got, want)
		}
	}
}
