#!/usr/bin/env bash
# RFC 6902, section 4.6: "test" compares the value at a location with another one; literals are equal if they are the same,
# numbers if they are numerically equal. The location must exist (RFC 6901, section 4).
#
# Two implementations apply the same five patches: a Go library on the server, an npm package in the browser.
#
# guess: they agree
# seen:  they agree only on the last patch. In the Go library "test" with null passes if there is no such member, and fails
#        if an operation before it has set the member to null. 2.0 is not equal to 2.
. "$(dirname "$0")/lib.sh"
go_version=v5.9.11 npm_version=3.1.1
cat >patches.json <<'JSON'
[
  {"document": {"a": 1}, "patch": [{"op": "test", "path": "/b", "value": null}]},
  {"document": {"a": 1}, "patch": [{"op": "add", "path": "/a", "value": null}, {"op": "test", "path": "/a", "value": null}]},
  {"document": {"a": {"b": 1}}, "patch": [{"op": "test", "path": "/a/c", "value": null}, {"op": "add", "path": "/a/c", "value": 2}]},
  {"document": {"a": 2}, "patch": [{"op": "test", "path": "/a", "value": 2.0}]},
  {"document": {"a": null}, "patch": [{"op": "test", "path": "/a", "value": null}]}
]
JSON
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

func main() {
	text, err := os.ReadFile("patches.json")
	if err != nil {
		panic(err)
	}
	var cases []struct{ Document, Patch json.RawMessage }
	if err := json.Unmarshal(text, &cases); err != nil {
		panic(err)
	}
	for i, c := range cases {
		patch, err := jsonpatch.DecodePatch(c.Patch)
		if err == nil {
			_, err = patch.Apply(c.Document)
		}
		if err != nil {
			fmt.Println(i+1, "refused")
		} else {
			fmt.Println(i+1, "applied")
		}
	}
}
GO
cat >main.mjs <<'JS'
import { readFileSync } from "node:fs";
import jsonpatch from "fast-json-patch";
JSON.parse(readFileSync("patches.json")).forEach(({ document, patch }, i) => {
  try {
    jsonpatch.applyPatch(document, patch, true);
    console.log(i + 1, "applied");
  } catch {
    console.log(i + 1, "refused");
  }
});
JS
install go mod init finding
install go get "github.com/evanphx/json-patch/v5@$go_version"
install npm install --no-save "fast-json-patch@$npm_version"
{
  echo "Go: evanphx/json-patch $go_version"
  go run .
  echo "npm: fast-json-patch $npm_version"
  node main.mjs
} | tee seen
expect <<'SEEN'
Go: evanphx/json-patch v5.9.11
1 applied
2 refused
3 applied
4 refused
5 applied
npm: fast-json-patch 3.1.1
1 refused
2 applied
3 refused
4 applied
5 applied
SEEN
