package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits that keep the cost of a patch within a few milliseconds. Documents have three levels.
const (
	maxDepth   = 16       // levels of a value, tokens of a path
	maxPathLen = 1000     // bytes
	maxCost    = 16 << 20 // number of operations times the bytes that each may move
)

// ApplyPatch applies an RFC 6902 patch to a document. The patch must be I-JSON (RFC 7493): UTF-8, no name twice in an object, numbers
// within the range and precision of float64. An error wraps ErrPatch.
func ApplyPatch(document []byte, patch json.RawMessage) (made []byte, err error) {
	operations, err := parsePatch(document, patch)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	if made, err = applyParsed(document, operations); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	return made, nil
}

func applyParsed(document []byte, operations []operation) ([]byte, error) {
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	value, err := applyAll(value, operations)
	if err != nil {
		return nil, err
	}
	tooLong := fmt.Errorf("the document must be an object of at most %d bytes", MaxDocument)
	if _, isObject := value.(map[string]any); !isObject {
		return nil, tooLong
	}
	made, err := canonical(value)
	if err != nil {
		return nil, err
	}
	if len(made) > MaxDocument {
		return nil, tooLong
	}
	return made, nil
}

// parsePatch reads a patch and refuses an invalid one, and one that would cost too much for the document.
func parsePatch(document []byte, patch json.RawMessage) ([]operation, error) {
	if len(patch) > MaxPatch+100 { // ReplaceDocument adds a few bytes
		return nil, fmt.Errorf("more than %d bytes", MaxPatch)
	}
	if !utf8.Valid(patch) {
		return nil, errors.New("it is not UTF-8")
	}
	if depth(patch) > maxDepth {
		return nil, fmt.Errorf("more than %d levels", maxDepth)
	}
	// In canonical form equal values have equal texts, 2.0 is 2, and there are no names twice.
	plain, err := Canonical(patch)
	if err != nil {
		return nil, err
	}
	var members []map[string]any // encoding/json would accept "PATH" for the field path of a struct
	if err := json.Unmarshal(plain, &members); err != nil {
		return nil, errors.New("it is not a list of objects")
	}
	if members == nil {
		return nil, errors.New("it is not a list")
	}
	size := len(document) + len(patch)
	operations := make([]operation, len(members))
	for i, m := range members {
		if operations[i], err = parseOperation(m); err != nil {
			return nil, fmt.Errorf("operation %d: %w", i, err)
		}
		if operations[i].op == "copy" {
			size = 2 * MaxDocument // the size to which copies may grow the document
		}
	}
	if len(operations) > MaxOperations || len(operations) > 1 && len(operations)*size > maxCost {
		return nil, errors.New("too many operations for a document of this size; replace the whole document")
	}
	return operations, nil
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
