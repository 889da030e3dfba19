package chain

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pointer is a location in a document: the unescaped tokens of a JSON pointer (RFC 6901). Without tokens it is the whole document.
type pointer []string

// parsePointer reads a JSON pointer (RFC 6901), within the limits of paths.
func parsePointer(text string) (pointer, error) {
	switch {
	case text == "":
		return pointer{}, nil
	case text[0] != '/':
		return nil, errors.New("it does not begin with a slash")
	case len(text) > maxPathLen || strings.Count(text, "/") > maxDepth:
		return nil, fmt.Errorf("it has more than %d bytes or %d levels", maxPathLen, maxDepth)
	}
	tokens := strings.Split(text[1:], "/")
	for i, token := range tokens {
		plain := strings.NewReplacer("~0", "", "~1", "").Replace(token)
		if strings.Contains(plain, "~") {
			return nil, errors.New("a ~ is followed by neither 0 nor 1")
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return tokens, nil
}

// isWithin reports whether p is a location inside of the value at the other one.
func (p pointer) isWithin(other pointer) bool {
	return len(p) > len(other) && slices.Equal(p[:len(other)], other)
}

// errMissing means that a location does not exist in the document.
var errMissing = errors.New("there is no such location")

// get returns the value at p.
func (p pointer) get(document any) (any, error) {
	for _, token := range p {
		switch container := document.(type) {
		case map[string]any:
			member, ok := container[token]
			if !ok {
				return nil, errMissing
			}
			document = member
		case []any:
			i, err := parseIndex(token, len(container)-1)
			if err != nil {
				return nil, err
			}
			document = container[i]
		default:
			return nil, errMissing
		}
	}
	return document, nil
}

// parseIndex reads an index of an array: "0", or digits that begin with another one (RFC 6901, section 4).
func parseIndex(token string, last int) (int, error) {
	i, err := strconv.Atoi(token)
	if err != nil || strconv.Itoa(i) != token || i < 0 {
		return 0, fmt.Errorf("%.20q is no index of an array", token)
	}
	if i > last {
		return 0, errMissing
	}
	return i, nil
}

// change replaces the container that holds the location by what f makes of it and the last token, and returns the document. p has tokens.
func (p pointer) change(document any, f func(container any, token string) (any, error)) (any, error) {
	parent, token := p[:len(p)-1], p[len(p)-1]
	container, err := parent.get(document)
	if err != nil {
		return nil, err
	}
	changed, err := f(container, token)
	if err != nil {
		return nil, err
	}
	return parent.replace(document, changed)
}

// add sets a member of an object, inserts an element into an array, or replaces the document (RFC 6902, section 4.1).
func (p pointer) add(document, value any) (any, error) {
	if len(p) == 0 {
		return value, nil
	}
	return p.change(document, func(container any, token string) (any, error) {
		switch c := container.(type) {
		case map[string]any:
			c[token] = value
			return c, nil
		case []any:
			if token == "-" {
				return append(c, value), nil
			}
			i, err := parseIndex(token, len(c))
			if err != nil {
				return nil, err
			}
			return slices.Insert(c, i, value), nil
		}
		return nil, errMissing
	})
}

// replace replaces the value at p, which must exist.
func (p pointer) replace(document, value any) (any, error) {
	if len(p) == 0 {
		return value, nil
	}
	container, err := p[:len(p)-1].get(document)
	if err != nil {
		return nil, err
	}
	token := p[len(p)-1]
	switch c := container.(type) {
	case map[string]any:
		if _, ok := c[token]; !ok {
			return nil, errMissing
		}
		c[token] = value
	case []any:
		i, err := parseIndex(token, len(c)-1)
		if err != nil {
			return nil, err
		}
		c[i] = value
	default:
		return nil, errMissing
	}
	return document, nil
}

// remove removes the value at p and returns it.
func (p pointer) remove(document any) (changed, value any, err error) {
	if len(p) == 0 {
		return nil, nil, errors.New("the whole document cannot be removed")
	}
	if value, err = p.get(document); err != nil {
		return nil, nil, err
	}
	changed, err = p.change(document, func(container any, token string) (any, error) {
		if c, isArray := container.([]any); isArray {
			i, err := parseIndex(token, len(c)-1)
			if err != nil {
				return nil, err
			}
			return slices.Delete(c, i, i+1), nil
		}
		delete(container.(map[string]any), token)
		return container, nil
	})
	return changed, value, err
}
