package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// rootOfZuerich is the output of sha256sum for {"city":"zuerich","document":{},"version":1}.
const rootOfZuerich = "33f5bb44045235130f3f1dda07f403b6c664dc815bb22f198f8d193260a26384"

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.FixedZone("CEST", 7200))

// set returns a link that adds a field to a document.
func set(document string, base Hash, path, value string) Link {
	l := Link{City: "zuerich", Base: base, Author: "7", Time: noon, Note: "weil"}
	l.Patch = json.RawMessage(fmt.Sprintf(`[{"op":"add","path":%q,"value":%q}]`, path, value))
	made, _ := ApplyPatch([]byte(document), l.Patch)
	l.Result = Sum(made)
	return l
}

// three returns a chain of three links.
func three(t *testing.T) []Link {
	t.Helper()
	var links []Link
	document, hash := Root("zuerich")
	for _, path := range []string{"/title", "/lang", "/about"} {
		l := set(string(document), hash, path, "x")
		links = append(links, l)
		var err error
		if hash, err = l.Hash(); err != nil {
			t.Fatal(err)
		}
		if document, err = ApplyPatch(document, l.Patch); err != nil {
			t.Fatal(err)
		}
	}
	return links
}

func TestTheRootDependsOnlyOnTheCity(t *testing.T) {
	t.Parallel()
	document, hash := Root("zuerich")
	_, again := Root("zuerich")
	_, other := Root("ghent")
	if string(document) != "{}" || hash != again || hash == other || len(hash) != 64 {
		t.Errorf("%s %s %s %s", document, hash, again, other)
	}
	// Other programs rely on it: docs/settings-protocol.md.
	if hash != rootOfZuerich {
		t.Errorf("the root of zuerich is %s", hash)
	}
}

func TestAHashCoversEveryFieldButNotTheEncoding(t *testing.T) {
	t.Parallel()
	one := set("{}", "base", "/title", "x")
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
		"result": func(l *Link) { l.Result = "other" },
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
	t.Parallel()
	links := three(t)
	documents, hashes, err := Build("zuerich", links)
	if err != nil {
		t.Fatal(err)
	}
	last, _ := links[2].Hash()
	if len(documents) != 4 || string(documents[3]) != `{"about":"x","lang":"x","title":"x"}` || hashes[3] != last {
		t.Errorf("%s at %s, want %s", documents, hashes, last)
	}
	if err := Verify("zuerich", links, last); err != nil {
		t.Error(err)
	}
}

func TestATamperedOrMissingLinkIsNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func([]Link) []Link
		want  string
	}{
		{"changed value", func(l []Link) []Link { l[0].Patch = set("{}", "", "/title", "y").Patch; return l }, "link 1"},
		{"changed value, with the result to it", func(l []Link) []Link { l[0] = set("{}", l[0].Base, "/title", "y"); return l }, "link 2"},
		{"changed author", func(l []Link) []Link { l[1].Author = "1"; return l }, "link 3"},
		{"changed time of the last", func(l []Link) []Link { l[2].Time = noon.Add(time.Hour); return l }, "link 3"},
		{"missing at the end", func(l []Link) []Link { return l[:2] }, "link 2"},
		{"missing first", func(l []Link) []Link { return l[1:] }, "link 1"},
		{"missing in the middle", func(l []Link) []Link { return append(l[:1], l[2]) }, "link 2"},
		{"two swapped", func(l []Link) []Link { l[1], l[2] = l[2], l[1]; return l }, "link 2"},
		{"of another city", func(l []Link) []Link { l[2].City = "ghent"; return l }, "link 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole := three(t)
			head, _ := whole[2].Hash()
			spoiled := test.spoil(three(t))
			_, hashes, err := Build("zuerich", spoiled)
			if err == nil && hashes[len(hashes)-1] != head {
				err = Verify("zuerich", spoiled, head)
			}
			if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("built: %v", err)
			}
			if err := Verify("zuerich", spoiled, head); !errors.Is(err, ErrBroken) {
				t.Errorf("verified: %v", err)
			}
		})
	}
}

func TestABadPatchIsRefused(t *testing.T) {
	t.Parallel()
	document, hash := Root("zuerich")
	many := "[" + strings.Repeat(`{"op":"test","path":"","value":{}},`, MaxOperations) + `{"op":"test","path":"","value":{}}]`
	for name, patch := range map[string]string{
		"no JSON": "x", "no list": "{}", "unknown operation": `[{"op":"delete","path":"/a"}]`, "no path": `[{"op":"add","value":1}]`,
		"path that is not there": `[{"op":"remove","path":"/a"}]`, "failing test": `[{"op":"test","path":"","value":[]}]`,
		"document becomes a list": `[{"op":"replace","path":"","value":[]}]`, "too many operations": many,
		"too long":       `[{"op":"add","path":"/a","value":"` + strings.Repeat("x", MaxPatch) + `"}]`,
		"lone surrogate": `[{"op":"add","path":"/a","value":"\ud800"}]`, "huge number": `[{"op":"add","path":"/a","value":1e999}]`,
	} {
		l := Link{City: "zuerich", Base: hash, Patch: json.RawMessage(patch), Time: noon}
		if made, err := Apply(document, hash, l); !errors.Is(err, ErrPatch) {
			t.Errorf("%s: %s, %v", name, made, err)
		}
	}
	if _, err := Apply(document, hash, set("{}", "old", "/a", "x")); !errors.Is(err, ErrBase) {
		t.Errorf("against another version: %v", err)
	}
	for name, change := range map[string]func(*Link){
		"long note": func(l *Link) { l.Note = strings.Repeat("x", MaxNote+1) }, "NUL in the note": func(l *Link) { l.Note = "\x00" },
		"two lines of author": func(l *Link) { l.Author = "1\n2" }, "long author": func(l *Link) { l.Author = strings.Repeat("1", MaxAuthor+1) },
		"no time": func(l *Link) { l.Time = time.Time{} }, "another result": func(l *Link) { l.Result = hash },
		"not UTF-8": func(l *Link) { l.Patch = json.RawMessage("[{\"op\":\"add\",\"path\":\"/a\",\"value\":\"\xff\"}]") },
	} {
		l := set("{}", hash, "/a", "x")
		change(&l)
		if _, err := Apply(document, hash, l); !errors.Is(err, ErrPatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	nothing := Link{City: "zuerich", Base: hash, Patch: json.RawMessage("[]"), Result: Sum(document), Time: noon}
	if _, err := Apply(document, hash, nothing); !errors.Is(err, ErrNothing) {
		t.Errorf("a patch without effect: %v", err)
	}
}

func TestALinkIsMadeFromTwoDocuments(t *testing.T) {
	t.Parallel()
	var long []string
	for i := range 3000 {
		long = append(long, fmt.Sprint("wort", i))
	}
	many, _ := json.Marshal(map[string]any{"triggers": long})
	for name, test := range map[string]struct{ from, to string }{
		"one field":         {`{"a":1,"b":[1,2,3]}`, `{"a":2,"b":[1,2,3]}`},
		"lists":             {`{"b":["x","y","z"]}`, `{"b":["y","new","z"]}`},
		"keys with a slash": {`{"a/b":1,"c~d":2}`, `{"a/b":2,"c~d":3}`},
		"everything":        {`{"a":{"b":{"c":1}}}`, `{}`},
		"very long lists":   {`{}`, string(many)},
		"from very long":    {string(many), `{"triggers":["x"]}`},
	} {
		_, base := Root("zuerich")
		from, _ := Canonical([]byte(test.from))
		l, err := NewLink("zuerich", base, from, []byte(test.to))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l.Time = noon
		made, err := Apply(from, base, l)
		want, _ := Canonical([]byte(test.to))
		if err != nil || string(made) != string(want) {
			t.Errorf("%s: %v, %.100s", name, err, made)
		}
	}
	if _, err := NewLink("zuerich", "", []byte(`{"a":1}`), []byte(`{ "a":1.0 }`)); !errors.Is(err, ErrNothing) {
		t.Errorf("no change: %v", err)
	}
}

func TestAJumpLeadsFromAnyVersionToTheLast(t *testing.T) {
	t.Parallel()
	links := three(t)
	documents, hashes, _ := Build("zuerich", links)
	for i := range documents {
		jump, err := NewJump("zuerich", hashes[i], documents[3], &links[2])
		if err != nil {
			t.Fatal(err)
		}
		if made, err := jump.Apply(documents[i], hashes[i]); err != nil || string(made) != string(documents[3]) || jump.Hash != hashes[3] {
			t.Errorf("from %d: %s, %v", i, made, err)
		}
	}
	rest, err := NewJump("zuerich", hashes[0], documents[0], nil)
	if made, err2 := rest.Apply(documents[0], hashes[0]); err != nil || err2 != nil || string(made) != "{}" {
		t.Errorf("from the root to the root: %s, %v, %v", made, err, err2)
	}
}

func TestAJumpThatItsLinkDoesNotAuthenticateIsRefused(t *testing.T) {
	t.Parallel()
	links := three(t)
	documents, hashes, _ := Build("zuerich", links)
	for name, spoil := range map[string]func(*Jump){
		"another document": func(j *Jump) { j.Patch = ReplaceDocument([]byte(`{"title":"stolen"}`)) },
		"another hash":     func(j *Jump) { j.Hash = hashes[1] },
		"another link":     func(j *Jump) { j.Last = &links[0] },
		"no link":          func(j *Jump) { j.Last = nil },
		"another city":     func(j *Jump) { j.City = "ghent" },
		"no patch":         func(j *Jump) { j.Patch = nil },
	} {
		jump, _ := NewJump("zuerich", hashes[0], documents[3], &links[2])
		spoil(&jump)
		if _, err := jump.Apply(documents[0], hashes[0]); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	jump, _ := NewJump("zuerich", hashes[1], documents[3], &links[2])
	if _, err := jump.Apply(documents[0], hashes[0]); !errors.Is(err, ErrBase) {
		t.Errorf("from elsewhere: %v", err)
	}
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(`{"a":[1,2],"b":{"c":null}}`), []byte(`[{"op":"copy","from":"/a","path":"/b/c"},{"op":"move","from":"/a/0","path":"/a/-"}]`))
	f.Add([]byte(`{}`), []byte(`[{"op":"add","path":"/~01","value":1e21}]`))
	f.Fuzz(func(t *testing.T, document, patch []byte) {
		made, err := ApplyPatch(document, patch)
		if err != nil {
			return
		}
		same, err := ApplyPatch(made, []byte("[]"))
		if err != nil || string(same) != string(made) {
			t.Errorf("%s is not canonical: %s, %v", made, same, err)
		}
	})
}

func TestAPatchThatWouldPanicOrTakeLongIsRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 4000) + strings.Repeat("]", 4000)
	long := `{"a":["` + strings.Repeat("x", MaxDocument-100) + `"]}`
	many := "[" + strings.Repeat(`{"op":"add","path":"/a/0","value":1},`, 900) + `{"op":"add","path":"/a/0","value":1}]`
	for name, test := range map[string]struct{ document, patch string }{
		"a test without a value":      {`{}`, `[{"op":"test","path":""}]`},
		"an addition without a value": {`{}`, `[{"op":"add","path":"/a"}]`},
		"the document becomes null":   {`{}`, `[{"op":"replace","path":"","value":null},{"op":"add","path":"/a","value":1}]`},
		"the document becomes text":   {`{}`, `[{"op":"replace","path":"","value":"{"}]`},
		"the document is removed":     {`{"a":1}`, `[{"op":"remove","path":""}]`},
		"the document into itself":    {`{"a":1}`, `[{"op":"move","from":"","path":"/a"}]`},
		"null in a list":              {`{"a":[null]}`, `[{"op":"replace","path":"/a","value":[null]},{"op":"test","path":"/a/0/b","value":1}]`},
		"upper case":                  {`{}`, `[{"op":"add","path":"","PATH":"/a","value":1}]`},
		"a deep value":                {`{}`, `[{"op":"add","path":"/a","value":` + deep + `}]`},
		"a long path":                 {`{}`, `[{"op":"add","path":"` + strings.Repeat("/0", 4000) + `","value":1}]`},
		"many for a long document":    {long, many},
		"no list":                     {`{}`, `null`},
		"a list of something else":    {`{}`, `[1]`},
		"an operation that is a null": {`{}`, `[null]`},
	} {
		if made, err := ApplyPatch([]byte(test.document), json.RawMessage(test.patch)); !errors.Is(err, ErrPatch) {
			t.Errorf("%s: %.100s, %v", name, made, err)
		}
	}
}
