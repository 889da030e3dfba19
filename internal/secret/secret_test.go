package secret

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func newBox(t *testing.T, first byte) *Box {
	t.Helper()
	box, err := NewBox(append([]byte{first}, make([]byte, KeySize-1)...))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestAValueOpensOnlyWithItsKeyAndInItsCell(t *testing.T) {
	t.Parallel()
	box, here := newBox(t, 1), Cell{"accounts", "zuerich", "token"}
	sealed := box.Seal(here, []byte("hunter2"))
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Error("it can be read")
	}
	if plain, err := box.Open(here, sealed); err != nil || string(plain) != "hunter2" {
		t.Errorf("got %q, %v", plain, err)
	}
	for _, other := range []Cell{{"accounts", "ghent", "token"}, {"accounts", "zuerich", "secret"}, {"x", "zuerich", "token"}} {
		if _, err := box.Open(other, sealed); !errors.Is(err, ErrKey) {
			t.Errorf("at %v: %v", other, err)
		}
	}
	if _, err := newBox(t, 2).Open(here, sealed); !errors.Is(err, ErrKey) {
		t.Errorf("with another key: %v", err)
	}
	for _, broken := range [][]byte{nil, sealed[:5], append([]byte{0}, sealed...)} {
		if _, err := box.Open(here, broken); !errors.Is(err, ErrKey) {
			t.Errorf("broken: %v", err)
		}
	}
}

func TestAValueSealedByAnEarlierVersionCanBeOpened(t *testing.T) {
	t.Parallel()
	sealed, err := hex.DecodeString("63d65e9d7f1b8850465cfd2cae2a0b6a0d003c511b86387f7de96f30a2efc242c3ea48")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := newBox(t, 1).Open(Cell{"accounts", "zuerich", "token"}, sealed); err != nil || string(plain) != "hunter2" {
		t.Errorf("got %q, %v", plain, err)
	}
}

func TestAPseudonymDiffersByDayCityAndNetwork(t *testing.T) {
	t.Parallel()
	box, noon := newBox(t, 1), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	name := box.Pseudonym("zuerich", "net", "Marta", noon)
	if name != box.Pseudonym("zuerich", "net", "marta", noon.Add(6*time.Hour)) {
		t.Error("it changes within the day, or with the case of the name")
	}
	for what, other := range map[string]string{
		"day": box.Pseudonym("zuerich", "net", "Marta", noon.Add(24*time.Hour)), "city": box.Pseudonym("ghent", "net", "Marta", noon),
		"network": box.Pseudonym("zuerich", "other", "Marta", noon), "key": newBox(t, 2).Pseudonym("zuerich", "net", "Marta", noon),
	} {
		if name == other {
			t.Errorf("it is the same with another %s", what)
		}
	}
	if strings.Contains(strings.ToLower(name), "marta") {
		t.Error("it can be read")
	}
}

func TestTheKeyIsCreatedOnceAndOnlyItsOwnerCanReadIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "instance.key")
	first, err := LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadKey(path)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("another key: %v", err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	os.WriteFile(path, []byte("short"), 0o600)
	if _, err := LoadKey(path); err == nil || !strings.Contains(err.Error(), "instance.key") {
		t.Errorf("a broken key: %v", err)
	}
}
