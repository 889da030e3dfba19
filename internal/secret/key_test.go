package secret

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// box returns the Box of a key that was written and read again.
func (k Key) box(t *testing.T) *Box {
	t.Helper()
	path := filepath.Join(t.TempDir(), "instance.key")
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	read, err := LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := read.Box()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARotatedKeySealsAnewAndMakesTheSameDigests(t *testing.T) {
	t.Parallel()
	cell := Cell{"table", "row", "column"}
	key, err := LoadKey(filepath.Join(t.TempDir(), "instance.key"))
	if err != nil {
		t.Fatal(err)
	}
	first := key.box(t)
	digest, pseudonym := first.Digest("report", "1"), first.Pseudonym("zuerich", "email", "marta", time.Now())
	seen := []string{first.Print()}
	for range 3 {
		before := key.box(t)
		sealed := before.Seal(cell, []byte("secret"))
		rotating, err := key.Rotate()
		if err != nil {
			t.Fatal(err)
		}
		both := rotating.box(t)
		if plain, err := both.Open(cell, sealed); err != nil || string(plain) != "secret" || both.IsSealed(cell, sealed) {
			t.Errorf("what the key before has sealed: %q, %v", plain, err)
		}
		again := both.Seal(cell, []byte("secret"))
		if _, err := before.Open(cell, again); err == nil || !both.IsSealed(cell, again) {
			t.Errorf("the key before opens what the new one seals: %v", err)
		}
		if same, err := rotating.Rotate(); err != nil || same.box(t).Print() != both.Print() {
			t.Errorf("a rotation that goes on has another key: %v", err)
		}
		prints, err := rotating.Prints()
		if err != nil || !slices.Contains(prints, before.Print()) || !slices.Contains(prints, both.Print()) {
			t.Errorf("%q, %v", prints, err)
		}
		key = rotating.Rotated()
		after := key.box(t)
		if _, err := after.Open(cell, sealed); err == nil {
			t.Error("the key before still counts")
		}
		if plain, err := after.Open(cell, again); err != nil || string(plain) != "secret" {
			t.Errorf("%q, %v", plain, err)
		}
		if after.Digest("report", "1") != digest || after.Pseudonym("zuerich", "email", "marta", time.Now()) != pseudonym {
			t.Error("digests have changed")
		}
		if slices.Contains(seen, after.Print()) {
			t.Error("another key has the same print")
		}
		seen = append(seen, after.Print())
	}
}

func TestAKeyFileThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("A", 43) + "="
	for text, want := range map[string]string{
		"": "line 1", "short": "line 1", line + "\n" + line: "line 2 is unknown", line + "\nnames short": "line 2", line + "\nformer " + line: "is missing",
		line + "\nnames " + line + "\nnames " + line: "line 3 is unknown", line + "\nnames former " + line: "line 2 is unknown",
	} {
		if _, err := ParseKey([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ParseKey([]byte(line + "\r\nnames " + line + "\r\n")); err != nil {
		t.Errorf("with line ends of Windows: %v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	line := strings.Repeat("A", 43) + "="
	for _, text := range []string{line, line + "\nnames " + line, line + "\nnames " + line + "\nformer " + line} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey([]byte(text))
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "instance.key")
		if err := k.Save(path); err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKey(again); err != nil {
			t.Errorf("%q was read, and %q cannot be: %v", text, again, err)
		}
	})
}
