package telegram

import "testing"

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("p12")
	f.Add("g0")
	f.Add("r0")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseCursor(text)
		if err != nil {
			return
		}
		if again, err := parseCursor(at.String()); err != nil || again != at {
			t.Errorf("%q is %v, then %v", text, at, again)
		}
	})
}
