package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/gowebpki/jcs"
)

// Limits that keep the cost of a patch within a few milliseconds. Documents have three levels.
const (
	maxDepth   = 16       // levels of a value, tokens of a path
	maxPathLen = 1000     // bytes
	maxCost    = 16 << 20 // number of operations times the bytes that each may move
)

// ApplyPatch applies an RFC 6902 patch to a document. An error wraps ErrPatch.
func ApplyPatch(document []byte, patch json.RawMessage) (made []byte, err error) {
	if err := checkPatch(document, patch); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	if made, err = applyChecked(document, patch); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	return made, nil
}

// applyChecked applies a patch that checkPatch has accepted. A panic of the library becomes an error.
func applyChecked(document []byte, patch json.RawMessage) (made []byte, err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			made, err = nil, fmt.Errorf("%v", trouble)
		}
	}()
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, err
	}
	options := jsonpatch.NewApplyOptions()
	options.SupportNegativeIndices = false // RFC 6901 has none
	options.AccumulatedCopySizeLimit = MaxDocument
	if made, err = operations.ApplyWithOptions(document, options); err != nil {
		return nil, err
	}
	tooLong := fmt.Errorf("the document must be an object of at most %d bytes", MaxDocument)
	if len(made) > 2*MaxDocument {
		return nil, tooLong
	}
	if made, err = jcs.Transform(made); err != nil {
		return nil, err
	}
	if len(made) > MaxDocument || !bytes.HasPrefix(made, []byte("{")) {
		return nil, tooLong
	}
	return made, nil
}

// operation is one operation of RFC 6902. It is a map, since encoding/json would accept "PATH" for the field path of a struct.
type operation map[string]json.RawMessage

// text returns a member that must be a string.
func (o operation) text(name string) (text string, ok bool) {
	err := json.Unmarshal(o[name], &text)
	return text, err == nil && bytes.HasPrefix(o[name], []byte(`"`))
}

// checkPatch refuses an invalid patch, and one that would cost too much.
func checkPatch(document []byte, patch json.RawMessage) error {
	if len(patch) > MaxPatch+100 { // ReplaceDocument adds a few bytes
		return fmt.Errorf("more than %d bytes", MaxPatch)
	}
	if !utf8.Valid(patch) {
		return errors.New("it is not UTF-8")
	}
	if depth(patch) > maxDepth {
		return fmt.Errorf("more than %d levels", maxDepth)
	}
	var operations []operation
	if err := json.Unmarshal(patch, &operations); err != nil {
		return err
	}
	if operations == nil {
		return errors.New("it is not a list")
	}
	size := len(document) + len(patch)
	for i, o := range operations {
		if err := o.check(); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
		if name, _ := o.text("op"); name == "copy" {
			size = 2 * MaxDocument // the size to which copies may grow the document
		}
	}
	if len(operations) > MaxOperations || len(operations) > 1 && len(operations)*size > maxCost {
		return errors.New("too many operations for a document of this size; replace the whole document")
	}
	return nil
}

func (o operation) check() error {
	name, _ := o.text("op")
	path, hasPath := o.text("path")
	from, hasFrom := o.text("from")
	needsValue, needsFrom := false, false
	switch name {
	case "add", "replace", "test":
		needsValue = true
	case "move", "copy":
		needsFrom = true
	case "remove":
	default:
		return fmt.Errorf("unknown operation %.20q", name)
	}
	switch {
	case !hasPath || needsFrom && !hasFrom || needsValue && o["value"] == nil:
		return errors.New("it has no path, from or value")
	case path == "" && (name != "replace" || !bytes.HasPrefix(o["value"], []byte("{"))):
		return errors.New("the whole document can only be replaced, by an object")
	case needsFrom && from == "":
		return errors.New("the whole document cannot be moved or copied")
	case max(len(path), len(from)) > maxPathLen || max(strings.Count(path, "/"), strings.Count(from, "/")) > maxDepth:
		return fmt.Errorf("a path has more than %d bytes or %d levels", maxPathLen, maxDepth)
	}
	return nil
}

// depth returns the nesting depth of a JSON text.
func depth(text []byte) (deepest int) {
	level, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}
