package chain

import (
	"errors"
	"fmt"
	"reflect"
)

// operation is one operation of a patch. Values are as encoding/json decodes them into any, from canonical JSON.
type operation struct {
	op    string
	path  pointer
	from  pointer // of move and copy
	value any     // of add, replace and test
}

// parseOperation reads the members that the operation needs. Others are ignored (RFC 6902, section 4).
func parseOperation(members map[string]any) (o operation, err error) {
	o.op, _ = members["op"].(string)
	needsFrom, needsValue := false, false
	switch o.op {
	case "add", "replace", "test":
		needsValue = true
	case "move", "copy":
		needsFrom = true
	case "remove":
	default:
		return o, fmt.Errorf("unknown operation %.20q", o.op)
	}
	if o.path, err = pointerIn(members, "path"); err != nil {
		return o, err
	}
	if needsFrom {
		if o.from, err = pointerIn(members, "from"); err != nil {
			return o, err
		}
	}
	value, hasValue := members["value"]
	if needsValue && !hasValue {
		return o, errors.New("it has no value")
	}
	o.value = value
	return o, nil
}

func pointerIn(members map[string]any, name string) (pointer, error) {
	text, isText := members[name].(string)
	if !isText {
		return nil, fmt.Errorf("it has no %s", name)
	}
	p, err := parsePointer(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// applyAll applies the operations in order and returns the document. It may change the given one, even if it fails.
func applyAll(document any, operations []operation) (any, error) {
	copied := 0
	for i, o := range operations {
		if o.op == "copy" {
			size, err := o.copySize(document)
			if err != nil {
				return nil, fmt.Errorf("operation %d: %w", i, err)
			}
			if copied += size; copied > MaxDocument {
				return nil, fmt.Errorf("operation %d: more than %d bytes are copied", i, MaxDocument)
			}
		}
		var err error
		if document, err = o.apply(document); err != nil {
			return nil, fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return document, nil
}

// apply applies one operation, as RFC 6902, section 4, describes it.
func (o operation) apply(document any) (any, error) {
	switch o.op {
	case "add":
		return o.path.add(document, o.value)
	case "remove":
		document, _, err := o.path.remove(document)
		return document, err
	case "replace":
		return o.path.replace(document, o.value)
	case "test":
		value, err := o.path.get(document)
		if err == nil && !reflect.DeepEqual(value, o.value) {
			err = errors.New("the value is another one")
		}
		return document, err
	case "copy":
		value, err := o.from.get(document)
		if err != nil {
			return nil, err
		}
		return o.path.add(document, deepCopy(value))
	case "move":
		return o.move(document)
	}
	return nil, fmt.Errorf("unknown operation %.20q", o.op)
}

// move refuses to move a value into itself (section 4.4). Moving it to where it is changes nothing.
func (o operation) move(document any) (any, error) {
	if o.path.isWithin(o.from) {
		return nil, errors.New("a value cannot be moved into itself")
	}
	if len(o.from) == 0 { // and so is the path
		return document, nil
	}
	document, value, err := o.from.remove(document)
	if err != nil {
		return nil, err
	}
	return o.path.add(document, value)
}

// copySize returns the number of bytes that the operation copies.
func (o operation) copySize(document any) (int, error) {
	value, err := o.from.get(document)
	if err != nil {
		return 0, err
	}
	text, err := canonical(value)
	return len(text), err
}

func deepCopy(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = deepCopy(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = deepCopy(element)
		}
		return out
	}
	return value
}
