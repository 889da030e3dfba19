package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/agext/levenshtein"
)

// prefix is the prefix of environment variables that set keys.
const prefix = "LINIENFUNK_"

// reserved are variables with the prefix that are not keys: the path of the file, and variables for tests.
var reserved = []string{prefix + "CONFIG", prefix + "TEST_"}

// table binds all keys to the fields of a Config.
type table struct {
	fields map[string]field
	keys   []string          // in the order of Config
	origin map[string]string // location of each value that is not a default: file and line, variable or flag
	errs   []error
}

type field struct {
	value  reflect.Value
	help   string
	secret string
}

func newTable(c *Config) *table {
	t := &table{fields: map[string]field{}, origin: map[string]string{}}
	t.addFields("", reflect.ValueOf(c).Elem())
	for i := range c.Networks {
		one := &c.Networks[i]
		key := "bots." + one.Network + "." + one.Name
		t.fields[key] = field{reflect.ValueOf(&one.Value).Elem(), one.Help, strconv.FormatBool(one.Secret)}
		t.keys = append(t.keys, key)
	}
	return t
}

func (t *table) addFields(path string, v reflect.Value) {
	for i := range v.NumField() {
		tag, key := v.Type().Field(i).Tag, path+v.Type().Field(i).Tag.Get("toml")
		if tag.Get("toml") == "-" {
			continue
		}
		if v.Field(i).Kind() == reflect.Struct {
			t.addFields(key+".", v.Field(i))
			continue
		}
		t.fields[key] = field{v.Field(i), tag.Get("help"), tag.Get("secret")}
		t.keys = append(t.keys, key)
	}
}

func (t *table) errorf(origin, format string, args ...any) {
	t.errs = append(t.errs, fmt.Errorf("%s: "+format, append([]any{origin}, args...)...))
}

// set parses text as the value of a key.
func (t *table) set(key, text, origin string) {
	f, ok := t.fields[key]
	if !ok {
		t.unknownKey(key, origin)
		return
	}
	t.origin[key] = origin
	switch f.value.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			t.errorf(origin, "%s: wants a whole number, not %q", key, text)
			return
		}
		f.value.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			t.errorf(origin, "%s: wants true or false, not %q", key, text)
			return
		}
		f.value.SetBool(b)
	default:
		f.value.SetString(text)
	}
}

// isTable reports whether name is a table with keys.
func (t *table) isTable(name string) bool {
	return slices.ContainsFunc(t.keys, func(n string) bool { return strings.HasPrefix(n, name+".") })
}

func (t *table) unknownKey(key, origin string) {
	if t.isTable(key) {
		t.errorf(origin, "%s is a table: write [%s] and its keys below", key, key)
		return
	}
	nearest, distance := "", 4
	for _, name := range t.keys {
		d := levenshtein.Distance(key, name, nil)
		if key == name[strings.LastIndex(name, ".")+1:] {
			d = 1 // the key without its table
		}
		if d < distance {
			nearest, distance = name, d
		}
	}
	if nearest != "" {
		t.errorf(origin, "unknown key %s; did you mean %s?", key, nearest)
		return
	}
	t.errorf(origin, "unknown key %s; the keys are\n  %s", key, strings.Join(t.beside(key), "\n  "))
}

// beside returns the keys of the same table; for a key of no table, the keys outside of tables and the tables.
func (t *table) beside(key string) []string {
	for table := key; strings.Contains(table, "."); {
		table = table[:strings.LastIndex(table, ".")]
		if t.isTable(table) {
			return slices.DeleteFunc(slices.Clone(t.keys), func(name string) bool { return !strings.HasPrefix(name, table+".") })
		}
	}
	var all []string
	for _, name := range t.keys {
		if i := strings.LastIndex(name, "."); i >= 0 {
			name = "[" + name[:i] + "]"
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// readFile sets the keys in a TOML file.
func (t *table) readFile(path, text string) {
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			t.errorf(fmt.Sprintf("%s:%d", path, syntax.Position.Line), "%s", syntax.Message)
			return
		}
		t.errorf(path, "%w", err)
		return
	}
	t.setTree(path, text, "", tree)
}

func (t *table) setTree(path, text, table string, tree map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		key := table + name
		origin := fmt.Sprintf("%s:%d", path, lineOf(text, key))
		f, known := t.fields[key]
		switch value := tree[name].(type) {
		case map[string]any:
			if known {
				t.errorf(origin, "%s: is a value, not a table", key)
				continue
			}
			if !t.isTable(key) {
				t.unknownKey(key, origin)
				continue
			}
			t.setTree(path, text, key+".", value)
		case string:
			if known && f.value.Kind() != reflect.String {
				t.errorf(origin, "%s: wants %s without quotes", key, kindName(f.value.Kind()))
				continue
			}
			t.set(key, value, origin)
		default:
			if known && (f.value.Kind() == reflect.String || !sameKind(f.value.Kind(), value)) {
				t.errorf(origin, "%s: wants %s", key, kindName(f.value.Kind()))
				continue
			}
			t.set(key, fmt.Sprint(value), origin)
		}
	}
}

func sameKind(kind reflect.Kind, value any) bool {
	switch value.(type) {
	case int64:
		return kind == reflect.Int
	case bool:
		return kind == reflect.Bool
	}
	return false
}

func kindName(kind reflect.Kind) string {
	switch kind {
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	}
	return `text in quotes`
}

// lineOf returns the line of a key or of a table's header. toml's metadata has no lines.
func lineOf(text, key string) int {
	table := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			table = strings.TrimSpace(name) + "."
			if table == key+"." {
				return i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(line, "=")
		if ok && table+strings.Trim(strings.TrimSpace(name), `"'`) == key {
			return i + 1
		}
	}
	return 1
}

// readEnvironment sets the keys in LINIENFUNK_* variables.
func (t *table) readEnvironment(environ []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix) ||
			slices.ContainsFunc(reserved, func(r string) bool { return strings.HasPrefix(name, r) }) {
			continue
		}
		key := strings.ToLower(strings.TrimPrefix(name, prefix))
		for _, known := range t.keys {
			if strings.ReplaceAll(known, ".", "_") == key {
				key = known
			}
		}
		t.set(key, value, name)
	}
}
