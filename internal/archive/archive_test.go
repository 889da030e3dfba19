package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"linienfunk/internal/archive"
)

type about struct{ Key string }

// small is an archive with an empty section, one of several files, and one that is written in turns with it.
func small(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := archive.NewWriter(&out, time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	must(w.Section("nothing"))
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range 3 {
		must(w.Section("large"))
		must(w.Line(fmt.Appendf(nil, "%d %x", i, noise.Perm(90_000))))
		must(w.Section("small"))
		must(w.Line([]byte{'l', byte('0' + i)}))
	}
	must(w.Close(about{"k"}))
	return out.Bytes()
}

func read(file []byte) (lines map[string][]string, got about, sections map[string]archive.Digest, err error) {
	lines = map[string][]string{}
	sections, err = archive.Read(bytes.NewReader(file), &got, func(section string, line []byte) error {
		lines[section] = append(lines[section], string(line))
		return nil
	})
	return lines, got, sections, err
}

func TestWhatWasWrittenIsReadInItsOrder(t *testing.T) {
	t.Parallel()
	lines, got, sections, err := read(small(t))
	if err != nil || got.Key != "k" {
		t.Fatal(got, err)
	}
	if fmt.Sprint(lines["small"]) != "[l0 l1 l2]" || len(lines["large"]) != 3 || len(lines["nothing"]) != 0 {
		t.Errorf("%q, %d", lines["small"], len(lines["large"]))
	}
	if sections["nothing"].Lines != 0 || sections["large"].Lines != 3 || len(sections) != 3 {
		t.Errorf("%v", sections)
	}
}

func TestAnArchiveThatIsCutOffIsRefused(t *testing.T) {
	t.Parallel()
	whole := small(t)
	for _, length := range []int{0, 1, 10, 100, len(whole) / 2, len(whole) - 2000, len(whole) - 100, len(whole) - 5, len(whole) - 4, len(whole) - 1} {
		if _, _, _, err := read(whole[:length]); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("the first %d of %d bytes: %v", length, len(whole), err)
		}
	}
}

func TestAnArchiveWithAChangedByteIsRefused(t *testing.T) {
	t.Parallel()
	whole := small(t)
	for i := 6; i < len(whole); i += 1 + len(whole)/200 {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x20
		if _, _, _, err := read(changed); err == nil {
			t.Errorf("byte %d of %d was changed", i, len(whole))
		}
	}
}

func FuzzRead(f *testing.F) {
	whole := small(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		lines, _, sections, err := read(file)
		if err != nil {
			return
		}
		for name, s := range sections {
			if len(lines[name]) != s.Lines {
				t.Errorf("%s: %d lines, and %d in the manifest", name, len(lines[name]), s.Lines)
			}
		}
	})
}
