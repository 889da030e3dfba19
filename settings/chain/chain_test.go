package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// rootOfZuerich is what sha256sum says of {"city":"zuerich","document":{},"version":1}.
const rootOfZuerich = "33f5bb44045235130f3f1dda07f403b6c664dc815bb22f198f8d193260a26384"

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.FixedZone("CEST", 7200))

func set(base Hash, path, value string) Link {
	patch := fmt.Sprintf(`[{"op":"add","path":%q,"value":%q}]`, path, value)
	return Link{City: "zuerich", Base: base, Patch: json.RawMessage(patch), Author: "7", Time: noon, Note: "weil"}
}

// three is a chain of three links.
func three(t *testing.T) []Link {
	t.Helper()
	var links []Link
	_, hash := Root("zuerich")
	for _, path := range []string{"/title", "/lang", "/about"} {
		l := set(hash, path, "x")
		links = append(links, l)
		var err error
		if hash, err = l.Hash(); err != nil {
			t.Fatal(err)
		}
	}
	return links
}

func TestTheRootFollowsFromTheCityAlone(t *testing.T) {
	document, hash := Root("zuerich")
	_, again := Root("zuerich")
	_, other := Root("ghent")
	if string(document) != "{}" || hash != again || hash == other || len(hash) != 64 {
		t.Errorf("%s %s %s %s", document, hash, again, other)
	}
	// Other programs may count on it: docs/settings-protocol.md.
	if hash != rootOfZuerich {
		t.Errorf("the root of zuerich is %s", hash)
	}
}

func TestAHashDependsOnEverythingInTheLinkButNotOnItsSpelling(t *testing.T) {
	one := set("base", "/title", "x")
	hash, err := one.Hash()
	if err != nil {
		t.Fatal(err)
	}
	same := one
	same.Patch = json.RawMessage("[ {\"value\": \"\\u0078\", \"path\":\"/title\", \"op\":\"add\"} ]")
	same.Time = noon.UTC().Truncate(time.Microsecond)
	if again, _ := same.Hash(); again != hash {
		t.Errorf("the spelling makes a difference: %s, %s", hash, again)
	}
	for what, change := range map[string]func(*Link){
		"city": func(l *Link) { l.City = "ghent" }, "base": func(l *Link) { l.Base = "other" },
		"patch":  func(l *Link) { l.Patch = json.RawMessage(`[]`) },
		"author": func(l *Link) { l.Author = "8" }, "time": func(l *Link) { l.Time = noon.Add(time.Second) },
		"note": func(l *Link) { l.Note = "" },
	} {
		other := one
		change(&other)
		if again, _ := other.Hash(); again == hash {
			t.Errorf("the %s makes no difference", what)
		}
	}
}

func TestAChainBuildsItsDocument(t *testing.T) {
	links := three(t)
	document, hash, err := Build("zuerich", links)
	if err != nil {
		t.Fatal(err)
	}
	last, _ := links[2].Hash()
	if string(document) != `{"about":"x","lang":"x","title":"x"}` || hash != last {
		t.Errorf("%s at %s, want %s", document, hash, last)
	}
}

func TestATamperedOrMissingLinkIsNamed(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func([]Link) []Link
		want  string
	}{
		{"changed value", func(l []Link) []Link { l[0].Patch = set("", "/title", "y").Patch; return l }, "link 2"},
		{"changed author", func(l []Link) []Link { l[1].Author = "1"; return l }, "link 3"},
		{"missing first", func(l []Link) []Link { return l[1:] }, "link 1"},
		{"missing in the middle", func(l []Link) []Link { return append(l[:1], l[2]) }, "link 2"},
		{"two swapped", func(l []Link) []Link { l[1], l[2] = l[2], l[1]; return l }, "link 2"},
		{"of another city", func(l []Link) []Link { l[2].City = "ghent"; return l }, "link 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Build("zuerich", test.spoil(three(t)))
			if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestABadPatchIsRefused(t *testing.T) {
	document, hash := Root("zuerich")
	many := "[" + strings.Repeat(`{"op":"test","path":"","value":{}},`, MaxOperations) + `{"op":"test","path":"","value":{}}]`
	for name, patch := range map[string]string{
		"no JSON": "x", "no list": "{}", "unknown operation": `[{"op":"delete","path":"/a"}]`, "no path": `[{"op":"add","value":1}]`,
		"path that is not there": `[{"op":"remove","path":"/a"}]`, "failing test": `[{"op":"test","path":"","value":[]}]`,
		"document becomes a list": `[{"op":"replace","path":"","value":[]}]`, "too many operations": many,
		"too long":       `[{"op":"add","path":"/a","value":"` + strings.Repeat("x", MaxPatch) + `"}]`,
		"lone surrogate": `[{"op":"add","path":"/a","value":"\ud800"}]`, "huge number": `[{"op":"add","path":"/a","value":1e999}]`,
	} {
		l := Link{City: "zuerich", Base: hash, Patch: json.RawMessage(patch)}
		if made, err := Apply(document, hash, l); !errors.Is(err, ErrPatch) {
			t.Errorf("%s: %s, %v", name, made, err)
		}
	}
	if _, err := Apply(document, hash, set("old", "/a", "x")); !errors.Is(err, ErrBase) {
		t.Errorf("against another version: %v", err)
	}
	long := set(hash, "/a", "x")
	long.Note = strings.Repeat("x", MaxNote+1)
	if _, err := Apply(document, hash, long); !errors.Is(err, ErrPatch) {
		t.Errorf("long note: %v", err)
	}
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(`{"a":[1,2],"b":{"c":null}}`), []byte(`[{"op":"copy","from":"/a","path":"/b/c"},{"op":"move","from":"/a/0","path":"/a/-"}]`))
	f.Add([]byte(`{}`), []byte(`[{"op":"add","path":"/~01","value":1e21}]`))
	f.Fuzz(func(t *testing.T, document, patch []byte) {
		made, err := Patched(document, patch)
		if err != nil {
			return
		}
		same, err := Patched(made, []byte("[]"))
		if err != nil || string(same) != string(made) {
			t.Errorf("%s is not canonical: %s, %v", made, same, err)
		}
	})
}
