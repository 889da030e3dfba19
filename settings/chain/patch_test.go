package chain

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// patchCase is a patch of any document, also of one that is no object. No result means that the patch must be refused.
type patchCase struct{ name, document, patch, result string }

// patched applies a patch as ApplyPatch does, to a document of any type, and returns the result in canonical form.
func patched(document, patch string) (string, error) {
	operations, err := parsePatch([]byte(document), json.RawMessage(patch))
	if err != nil {
		return "", err
	}
	var value any
	if err := json.Unmarshal([]byte(document), &value); err != nil {
		return "", err
	}
	if value, err = applyAll(value, operations); err != nil {
		return "", err
	}
	text, err := canonical(value)
	return string(text), err
}

func checkPatches(t *testing.T, cases []patchCase) {
	t.Helper()
	for _, test := range cases {
		got, err := patched(test.document, test.patch)
		if test.result == "" {
			if err == nil {
				t.Errorf("%s: applied, the result is %s", test.name, got)
			}
			continue
		}
		want, bad := Canonical([]byte(test.result))
		if bad != nil {
			t.Fatalf("%s: %v", test.name, bad)
		}
		if err != nil || got != string(want) {
			t.Errorf("%s: %s, want %s: %v", test.name, got, want, err)
		}
	}
}

// https://www.rfc-editor.org/rfc/rfc6902#appendix-A
func TestTheExamplesOfRFC6902(t *testing.T) {
	t.Parallel()
	checkPatches(t, []patchCase{
		{"A.1 adding an object member", `{"foo":"bar"}`,
			`[{"op":"add","path":"/baz","value":"qux"}]`, `{"baz":"qux","foo":"bar"}`},
		{"A.2 adding an array element", `{"foo":["bar","baz"]}`,
			`[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`},
		{"A.3 removing an object member", `{"baz":"qux","foo":"bar"}`,
			`[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`},
		{"A.4 removing an array element", `{"foo":["bar","qux","baz"]}`,
			`[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`},
		{"A.5 replacing a value", `{"baz":"qux","foo":"bar"}`,
			`[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo","foo":"bar"}`},
		{"A.6 moving a value", `{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`,
			`[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`},
		{"A.7 moving an array element", `{"foo":["all","grass","cows","eat"]}`,
			`[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`},
		{"A.8 testing a value: success", `{"baz":"qux","foo":["a",2,"c"]}`,
			`[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]`, `{"baz":"qux","foo":["a",2,"c"]}`},
		{"A.9 testing a value: error", `{"baz":"qux"}`, `[{"op":"test","path":"/baz","value":"bar"}]`, ""},
		{"A.10 adding a nested member object", `{"foo":"bar"}`,
			`[{"op":"add","path":"/child","value":{"grandchild":{}}}]`, `{"foo":"bar","child":{"grandchild":{}}}`},
		{"A.11 ignoring unrecognized elements", `{"foo":"bar"}`,
			`[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"foo":"bar","baz":"qux"}`},
		{"A.12 adding to a nonexistent target", `{"foo":"bar"}`, `[{"op":"add","path":"/baz/bat","value":"qux"}]`, ""},
		{"A.13 invalid JSON Patch document", `{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux","op":"remove"}]`, ""},
		{"A.14 ~ escape ordering", `{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":10}]`, `{"/":9,"~1":10}`},
		{"A.15 comparing strings and numbers", `{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":"10"}]`, ""},
		{"A.16 adding an array value", `{"foo":["bar"]}`,
			`[{"op":"add","path":"/foo/-","value":["abc","def"]}]`, `{"foo":["bar",["abc","def"]]}`},
	})
}

func TestAddSetsAMemberOrInsertsAnElement(t *testing.T) {
	t.Parallel()
	checkPatches(t, []patchCase{
		{"an existing member is replaced", `{"a":1}`, `[{"op":"add","path":"/a","value":[2]}]`, `{"a":[2]}`},
		{"null is replaced", `{"a":null}`, `[{"op":"add","path":"/a","value":0}]`, `{"a":0}`},
		{"null is a value", `{}`, `[{"op":"add","path":"/a","value":null}]`, `{"a":null}`},
		{"false is a value", `{}`, `[{"op":"add","path":"/a","value":false}]`, `{"a":false}`},
		{"the first element", `{"a":[2,3]}`, `[{"op":"add","path":"/a/0","value":1}]`, `{"a":[1,2,3]}`},
		{"behind the last element", `{"a":[1,2]}`, `[{"op":"add","path":"/a/2","value":3}]`, `{"a":[1,2,3]}`},
		{"to an empty array", `{"a":[]}`, `[{"op":"add","path":"/a/0","value":1}]`, `{"a":[1]}`},
		{"further behind the last element", `{"a":[1,2]}`, `[{"op":"add","path":"/a/3","value":3}]`, ""},
		{"before the first element", `{"a":[1,2]}`, `[{"op":"add","path":"/a/-1","value":0}]`, ""},
		{"at the end of a nested array", `[1,[2,[3]]]`, `[{"op":"add","path":"/1/1/-","value":{"b":4}}]`, `[1,[2,[3,{"b":4}]]]`},
		{"twice at the end", `{"a":[]}`, `[{"op":"add","path":"/a/-","value":1},{"op":"add","path":"/a/-","value":2}]`, `{"a":[1,2]}`},
		{"a name in an array", `{"a":[1]}`, `[{"op":"add","path":"/a/b","value":2}]`, ""},
		{"behind the end", `{"a":[{}]}`, `[{"op":"add","path":"/a/-/b","value":2}]`, ""},
		{"an element's member", `{"a":[{"b":1}]}`, `[{"op":"add","path":"/a/0/c","value":2}]`, `{"a":[{"b":1,"c":2}]}`},
		{"to a root array", `["x"]`, `[{"op":"add","path":"/0","value":"w"},{"op":"add","path":"/-","value":"y"}]`, `["w","x","y"]`},
		{"to a string", `{"a":"text"}`, `[{"op":"add","path":"/a/0","value":"x"}]`, ""},
		{"to a number", `{"a":1}`, `[{"op":"add","path":"/a/b","value":"x"}]`, ""},
		{"to null", `{"a":null}`, `[{"op":"add","path":"/a/b","value":"x"}]`, ""},
		{"what an earlier operation added", `{}`, `[{"op":"add","path":"/a","value":{}},{"op":"add","path":"/a/b","value":[]},{"op":"add","path":"/a/b/-","value":1}]`, `{"a":{"b":[1]}}`},
	})
}

func TestRemoveAndReplaceNeedAnExistingLocation(t *testing.T) {
	t.Parallel()
	checkPatches(t, []patchCase{
		{"remove null", `{"a":null,"b":1}`, `[{"op":"remove","path":"/a"}]`, `{"b":1}`},
		{"remove a deep member", `{"a":[{"b":{"c":1,"d":2}}]}`, `[{"op":"remove","path":"/a/0/b/c"}]`, `{"a":[{"b":{"d":2}}]}`},
		{"remove the last element", `[1]`, `[{"op":"remove","path":"/0"}]`, `[]`},
		{"later indices move up", `[0,1,2,3]`, `[{"op":"remove","path":"/0"},{"op":"remove","path":"/1"}]`, `[1,3]`},
		{"remove with a needless value", `{"a":1}`, `[{"op":"remove","path":"/a","value":7,"from":3}]`, `{}`},
		{"remove what is missing", `{"a":1}`, `[{"op":"remove","path":"/b"}]`, ""},
		{"remove what is missing below", `{"a":{}}`, `[{"op":"remove","path":"/a/b/c"}]`, ""},
		{"remove twice", `{"a":1}`, `[{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}]`, ""},
		{"remove behind the end", `[1]`, `[{"op":"remove","path":"/1"}]`, ""},
		{"remove -", `[1]`, `[{"op":"remove","path":"/-"}]`, ""},
		{"remove a name from an array", `[1]`, `[{"op":"remove","path":"/length"}]`, ""},
		{"replace with another type", `{"a":"x"}`, `[{"op":"replace","path":"/a","value":{"b":[]}}]`, `{"a":{"b":[]}}`},
		{"replace with null", `{"a":"x"}`, `[{"op":"replace","path":"/a","value":null}]`, `{"a":null}`},
		{"replace null", `{"a":null}`, `[{"op":"replace","path":"/a","value":"x"}]`, `{"a":"x"}`},
		{"replace an element", `["a","b"]`, `[{"op":"replace","path":"/1","value":["c","d"]}]`, `["a",["c","d"]]`},
		{"replace what is missing", `{"a":1}`, `[{"op":"replace","path":"/b","value":1}]`, ""},
		{"replace behind the end", `[1]`, `[{"op":"replace","path":"/1","value":1}]`, ""},
		{"replace -", `[1]`, `[{"op":"replace","path":"/-","value":1}]`, ""},
		{"replace below what is missing", `{"a":1}`, `[{"op":"replace","path":"/b/c","value":1}]`, ""},
	})
}

func TestMoveAndCopy(t *testing.T) {
	t.Parallel()
	checkPatches(t, []patchCase{
		{"move over an existing member", `{"a":1,"b":2}`, `[{"op":"move","from":"/a","path":"/b"}]`, `{"b":1}`},
		{"move null", `{"a":null}`, `[{"op":"move","from":"/a","path":"/b"}]`, `{"b":null}`},
		{"move to where it is", `{"a":[1,2]}`, `[{"op":"move","from":"/a/0","path":"/a/0"}]`, `{"a":[1,2]}`},
		{"the path counts without the moved element", `[1,2,3]`, `[{"op":"move","from":"/0","path":"/2"}]`, `[2,3,1]`},
		{"which leaves no place behind the end", `[1,2,3]`, `[{"op":"move","from":"/0","path":"/3"}]`, ""},
		{"move to the end", `[1,2,3]`, `[{"op":"move","from":"/0","path":"/-"}]`, `[2,3,1]`},
		{"move from an array to an object", `{"a":[{"b":1}],"c":{}}`, `[{"op":"move","from":"/a/0","path":"/c/d"}]`, `{"a":[],"c":{"d":{"b":1}}}`},
		{"move out of itself", `{"a":{"b":{"c":1}}}`, `[{"op":"move","from":"/a/b","path":"/a"}]`, `{"a":{"c":1}}`},
		{"move into itself", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a/c"}]`, ""},
		{"move into an element of itself", `{"a":[[],[]]}`, `[{"op":"move","from":"/a/0","path":"/a/0/0"}]`, ""},
		{"move beside a longer name", `{"a":1,"ab":{}}`, `[{"op":"move","from":"/a","path":"/ab/c"}]`, `{"ab":{"c":1}}`},
		{"move what is missing", `{"a":1}`, `[{"op":"move","from":"/b","path":"/a"}]`, ""},
		{"move what is missing to itself", `{"a":1}`, `[{"op":"move","from":"/b","path":"/b"}]`, ""},
		{"move from -", `[1]`, `[{"op":"move","from":"/-","path":"/0"}]`, ""},
		{"move to a missing parent", `{"a":1}`, `[{"op":"move","from":"/a","path":"/b/c"}]`, ""},
		{"copy null", `{"a":null}`, `[{"op":"copy","from":"/a","path":"/b"}]`, `{"a":null,"b":null}`},
		{"copy inserts into an array", `{"a":[1,2],"b":3}`, `[{"op":"copy","from":"/b","path":"/a/1"}]`, `{"a":[1,3,2],"b":3}`},
		{"copy an element to the end", `[[1],2]`, `[{"op":"copy","from":"/0","path":"/-"}]`, `[[1],2,[1]]`},
		{"copy into itself", `{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/a/c"}]`, `{"a":{"b":1,"c":{"b":1}}}`},
		{"a copy is independent", `{"a":{"b":[1]}}`, `[{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/a/b/-","value":2},{"op":"remove","path":"/c/b/0"}]`, `{"a":{"b":[1,2]},"c":{"b":[]}}`},
		{"copy what is missing", `{"a":1}`, `[{"op":"copy","from":"/b","path":"/c"}]`, ""},
		{"copy from -", `[1]`, `[{"op":"copy","from":"/-","path":"/-"}]`, ""},
	})
}

func TestTestComparesValuesThatExist(t *testing.T) {
	t.Parallel()
	deep := `{"a":[1,{"b":[null,true,"x",{"c":1.5,"d":{}}]}]}`
	checkPatches(t, []patchCase{
		{"null is null", `{"a":null}`, `[{"op":"test","path":"/a","value":null}]`, `{"a":null}`},
		{"null that the patch has added", `{"a":1}`, `[{"op":"add","path":"/a","value":null},{"op":"test","path":"/a","value":null}]`, `{"a":null}`},
		{"null in an array", `[null]`, `[{"op":"test","path":"/0","value":null}]`, `[null]`},
		{"a missing member is not null", `{"a":1}`, `[{"op":"test","path":"/b","value":null}]`, ""},
		{"a missing member below is not null", `{"a":{"b":1}}`, `[{"op":"test","path":"/a/c","value":null}]`, ""},
		{"a missing element is not null", `[]`, `[{"op":"test","path":"/0","value":null}]`, ""},
		{"- is no element", `[1]`, `[{"op":"test","path":"/-","value":1}]`, ""},
		{"null is not false", `{"a":null}`, `[{"op":"test","path":"/a","value":false}]`, ""},
		{"null is not 0", `{"a":0}`, `[{"op":"test","path":"/a","value":null}]`, ""},
		{"null is not empty", `{"a":""}`, `[{"op":"test","path":"/a","value":null}]`, ""},
		{"2.0 is 2", `{"a":2}`, `[{"op":"test","path":"/a","value":2.0}]`, `{"a":2}`},
		{"2 is 2.0", `{"a":2.0}`, `[{"op":"test","path":"/a","value":2}]`, `{"a":2}`},
		{"20e-1 is 2", `{"a":[2]}`, `[{"op":"test","path":"/a","value":[20e-1]}]`, `{"a":[2]}`},
		{"1E2 is 100", `{"a":100}`, `[{"op":"test","path":"/a","value":1E2}]`, `{"a":100}`},
		{"-0 is 0", `{"a":0}`, `[{"op":"test","path":"/a","value":-0.0}]`, `{"a":0}`},
		{"2 is not 2.5", `{"a":2}`, `[{"op":"test","path":"/a","value":2.5}]`, ""},
		{"1 is not true", `{"a":1}`, `[{"op":"test","path":"/a","value":true}]`, ""},
		{"1 is not \"1\"", `{"a":"1"}`, `[{"op":"test","path":"/a","value":1}]`, ""},
		{"strings differ in case", `{"a":"x"}`, `[{"op":"test","path":"/a","value":"X"}]`, ""},
		{"strings are compared unescaped", `{"a":"\u00fc/"}`, `[{"op":"test","path":"/a","value":"ü\/"}]`, `{"a":"ü/"}`},
		{"strings are not normalised", `{"a":"ü"}`, `[{"op":"test","path":"/a","value":"u\u0308"}]`, ""},
		{"the order of members does not matter", `{"a":[{"b":1,"c":{"d":2,"e":3}}]}`, `[{"op":"test","path":"/a","value":[{"c":{"e":3,"d":2},"b":1}]}]`, `{"a":[{"b":1,"c":{"d":2,"e":3}}]}`},
		{"the order of elements does", `{"a":[1,2]}`, `[{"op":"test","path":"/a","value":[2,1]}]`, ""},
		{"a part of an array", `{"a":[1,2]}`, `[{"op":"test","path":"/a","value":[1]}]`, ""},
		{"a part of an object", `{"a":{"b":1,"c":2}}`, `[{"op":"test","path":"/a","value":{"b":1}}]`, ""},
		{"more than the object", `{"a":{"b":1}}`, `[{"op":"test","path":"/a","value":{"b":1,"c":null}}]`, ""},
		{"an empty object is no empty array", `{"a":{}}`, `[{"op":"test","path":"/a","value":[]}]`, ""},
		{"deep and equal", deep, `[{"op":"test","path":"/a/1","value":{"b":[null,true,"x",{"d":{},"c":15e-1}]}}]`, deep},
		{"deep and different", deep, `[{"op":"test","path":"/a/1","value":{"b":[null,true,"x",{"d":{"e":1},"c":1.5}]}}]`, ""},
		{"the whole document", `{"a":1}`, `[{"op":"test","path":"","value":{"a":1.0}}]`, `{"a":1}`},
		{"another whole document", `{"a":1}`, `[{"op":"test","path":"","value":{}}]`, ""},
		{"what an earlier operation made", `{"a":1}`, `[{"op":"replace","path":"/a","value":2},{"op":"test","path":"/a","value":2}]`, `{"a":2}`},
		{"nothing remains of a patch that fails", `{"a":1}`, `[{"op":"replace","path":"/a","value":2},{"op":"test","path":"/a","value":1}]`, ""},
	})
}

func TestPointersAreReadAsRFC6901Says(t *testing.T) {
	t.Parallel()
	odd := `{"":0," ":1,"a/b":2,"c%d":3,"e^f":4,"g|h":5,"i\\j":6,"k\"l":7,"m~n":8,"~1":9,"00":10,"+1":11,"-":12,"é":13}`
	keeps := func(name, path, value string) patchCase {
		return patchCase{name, odd, `[{"op":"test","path":"` + path + `","value":` + value + `}]`, odd}
	}
	checkPatches(t, []patchCase{
		keeps("an empty name", "/", "0"), keeps("a blank", "/ ", "1"), keeps("an escaped slash", "/a~1b", "2"),
		keeps("a percent sign", "/c%d", "3"), keeps("a caret", "/e^f", "4"), keeps("a bar", "/g|h", "5"),
		keeps("a backslash", `/i\\j`, "6"), keeps("a quotation mark", `/k\"l`, "7"), keeps("an escaped tilde", "/m~0n", "8"),
		keeps("an escaped tilde before 1", "/~01", "9"), keeps("leading zeros in an object", "/00", "10"), keeps("a sign in an object", "/+1", "11"),
		keeps("a dash in an object", "/-", "12"), keeps("an escaped letter", `/\u00e9`, "13"),
		{"a slash at the end", `{"a":{}}`, `[{"op":"add","path":"/a/","value":1}]`, `{"a":{"":1}}`},
		{"two slashes", `{"":{"":1}}`, `[{"op":"remove","path":"//"}]`, `{"":{}}`},
		{"an escaped name is added", `{}`, `[{"op":"add","path":"/a~1b~0c","value":1}]`, `{"a/b~c":1}`},
		{"no slash at the beginning", `{"a":1}`, `[{"op":"test","path":"a","value":1}]`, ""},
		{"a fragment", `{"a":1}`, `[{"op":"test","path":"#/a","value":1}]`, ""},
		{"a tilde before 2", `{"~2":1}`, `[{"op":"test","path":"/~2","value":1}]`, ""},
		{"a tilde at the end", `{"a~":1}`, `[{"op":"test","path":"/a~","value":1}]`, ""},
		{"percent signs are not decoded", `{"a b":1}`, `[{"op":"test","path":"/a%20b","value":1}]`, ""},
		{"a number is a name in an object", `{}`, `[{"op":"add","path":"/0","value":1}]`, `{"0":1}`},
	})
	for _, index := range []string{"00", "01", "+1", "+0", "-1", "-0", "1e0", "0x1", "1.0", " 1", "1 ", "", "٠", "１", "18446744073709551616", "9223372036854775808"} {
		for _, operation := range []string{
			`{"op":"test","path":"/a/%","value":1}`, `{"op":"add","path":"/a/%","value":1}`, `{"op":"replace","path":"/a/%","value":2}`,
			`{"op":"remove","path":"/a/%"}`, `{"op":"copy","from":"/a/%","path":"/b"}`, `{"op":"move","from":"/a/%","path":"/b"}`,
			`{"op":"copy","from":"/c","path":"/a/%"}`, `{"op":"add","path":"/a/%/b","value":1}`,
		} {
			patch := "[" + strings.ReplaceAll(operation, "%", index) + "]"
			if got, err := patched(`{"a":[1,1,{}],"c":1}`, patch); err == nil {
				t.Errorf("%s: applied, the result is %s", patch, got)
			}
		}
	}
}

func TestTheWholeDocument(t *testing.T) {
	t.Parallel()
	checkPatches(t, []patchCase{
		{"add replaces it", `{"a":1}`, `[{"op":"add","path":"","value":{"b":2}}]`, `{"b":2}`},
		{"replace", `{"a":1}`, `[{"op":"replace","path":"","value":[]}]`, `[]`},
		{"with a text", `[]`, `[{"op":"replace","path":"","value":"x"}]`, `"x"`},
		{"copied into itself", `{"a":1}`, `[{"op":"copy","from":"","path":"/b"}]`, `{"a":1,"b":{"a":1}}`},
		{"copied onto itself", `{"a":1}`, `[{"op":"copy","from":"","path":""}]`, `{"a":1}`},
		{"a part of it becomes all", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":""}]`, `{"b":1}`},
		{"a copy of a part becomes all", `{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":""}]`, `{"b":1}`},
		{"moved onto itself", `{"a":1}`, `[{"op":"move","from":"","path":""}]`, `{"a":1}`},
		{"moved into itself", `{"a":1}`, `[{"op":"move","from":"","path":"/b"}]`, ""},
		{"removed", `{"a":1}`, `[{"op":"remove","path":""}]`, ""},
		{"becomes something else for a while", `{"a":1}`, `[{"op":"replace","path":"","value":[]},{"op":"add","path":"/-","value":1},{"op":"replace","path":"","value":{}}]`, `{}`},
		{"an empty patch", `{"b":1,"a":2}`, `[]`, `{"a":2,"b":1}`},
	})
	for _, patch := range []string{
		`[{"op":"replace","path":"","value":[]}]`, `[{"op":"add","path":"","value":null}]`, `[{"op":"copy","from":"/a","path":""}]`,
	} {
		if made, err := ApplyPatch([]byte(`{"a":1}`), json.RawMessage(patch)); !errors.Is(err, ErrPatch) {
			t.Errorf("%s: settings that are no object: %s, %v", patch, made, err)
		}
	}
}

func TestAnOperationHasWhatItNeeds(t *testing.T) {
	t.Parallel()
	checkPatches(t, []patchCase{
		{"unknown members are ignored", `{"a":1}`, `[{"comment":[1],"op":"test","path":"/a","value":1,"From":1,"OP":"x"}]`, `{"a":1}`},
		{"add without a value", `[]`, `[{"op":"add","path":"/-"}]`, ""},
		{"replace without a value", `[1]`, `[{"op":"replace","path":"/0"}]`, ""},
		{"test without a value", `[null]`, `[{"op":"test","path":"/0"}]`, ""},
		{"copy without from", `[1]`, `[{"op":"copy","path":"/-"}]`, ""},
		{"move without from", `{"a":1}`, `[{"op":"move","path":"/b","value":"/a"}]`, ""},
		{"no path", `{}`, `[{"op":"add","value":1}]`, ""},
		{"no op", `{}`, `[{"path":"/a","value":1}]`, ""},
		{"an unknown op", `{"a":1}`, `[{"op":"merge","path":"/a","value":1}]`, ""},
		{"an op in capitals", `{}`, `[{"op":"ADD","path":"/a","value":1}]`, ""},
		{"a null op", `{}`, `[{"op":null,"path":"/a","value":1}]`, ""},
		{"a null path", `{}`, `[{"op":"add","path":null,"value":1}]`, ""},
		{"a number as path", `[1]`, `[{"op":"remove","path":0}]`, ""},
		{"a list as path", `{"a":1}`, `[{"op":"remove","path":["a"]}]`, ""},
		{"a null from", `{"a":1}`, `[{"op":"copy","from":null,"path":"/b"}]`, ""},
		{"a from that is no pointer", `{"a":1}`, `[{"op":"copy","from":"a","path":"/b"}]`, ""},
		{"two ops", `{"a":1}`, `[{"op":"test","op":"remove","path":"/a","value":1}]`, ""},
		{"two paths", `{"a":1}`, `[{"op":"remove","path":"/b","path":"/a"}]`, ""},
		{"two names in a value", `{}`, `[{"op":"add","path":"/a","value":{"b":1,"b":1}}]`, ""},
		{"two names in a value, one escaped", `{}`, `[{"op":"add","path":"/a","value":{"b":1,"\u0062":1}}]`, ""},
		{"an object", `{}`, `{"op":"add","path":"/a","value":1}`, ""},
		{"a list in the list", `{}`, `[[{"op":"add","path":"/a","value":1}]]`, ""},
		{"a text", `{}`, `"[]"`, ""},
		{"more than one list", `{}`, `[] []`, ""},
		{"a comma at the end", `{}`, `[{"op":"add","path":"/a","value":1},]`, ""},
		{"nothing", `{}`, ``, ""},
		{"the last operation is invalid", `{}`, `[{"op":"add","path":"/a","value":1},{"op":"x","path":"/a"}]`, ""},
	})
}

func TestCopiesGrowADocumentOnlySoFar(t *testing.T) {
	t.Parallel()
	double := strings.Repeat(`{"op":"copy","from":"/a","path":"/a/-"},`, 17)
	if made, err := patched(`{"a":["0123456789"]}`, "["+strings.TrimSuffix(double, ",")+"]"); err == nil {
		t.Errorf("a document of %d bytes", len(made))
	}
}
