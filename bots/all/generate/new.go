package main

import (
	"embed"
	"errors"
	"fmt"
	"go/format"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"linienfunk/bots/all/generate/spelling"
)

// template is the package newnetwork. It is a network like any other, except that bots/all does not list it.
//
//go:embed newnetwork
var template embed.FS

var validName = regexp.MustCompile(`^[a-z][a-z0-9]{1,19}$`)

// checkName returns an error that says why a new network cannot have the name, and which names are possible.
func checkName(root, name string) error {
	switch {
	case !validName.MatchString(name):
		return fmt.Errorf("%q cannot be a network's name: take 2 to 20 lower-case letters and digits, beginning with a letter, such as signal", name)
	case token.IsKeyword(name), name == "main", name == "internal", name == "vendor", name == "testdata":
		return fmt.Errorf("%q means something else to Go: take the name that the network's users know, such as signal", name)
	case strings.HasSuffix(name, "test"):
		return fmt.Errorf("%q ends in \"test\", which is for fakes and suites: take another name, such as signal", name)
	}
	if _, err := os.Stat(filepath.Join(root, "bots", name)); err == nil {
		return fmt.Errorf("bots/%s exists already: take another name, or remove that directory first", name)
	}
	found, err := spelling.Find(root, []string{name})
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("the core uses %q as a word (%s), and must not spell the name of a network: take a name that stands for the "+
			"network alone, such as its product name (signal) or the word with an addition (%shub)", name, found[0], name)
	}
	return nil
}

// writeNetwork copies the template to bots/<name>, under the new name.
func writeNetwork(root, name string) error {
	if err := checkName(root, name); err != nil {
		return err
	}
	dir := filepath.Join(root, "bots", name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	err := fs.WalkDir(template, "newnetwork", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := template.ReadFile(path)
		if err != nil {
			return err
		}
		renamed := []byte(rename(string(text), name))
		if strings.HasSuffix(path, ".go") { // names of other lengths align otherwise
			if renamed, err = format.Source(renamed); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return os.WriteFile(filepath.Join(dir, rename(entry.Name(), name)), renamed, 0o644)
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return nil
}

func rename(text, name string) string {
	title := strings.ToUpper(name[:1]) + name[1:]
	return strings.NewReplacer("newnetwork", name, "Newnetwork", title).Replace(text)
}
