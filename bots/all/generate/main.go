// Command generate writes bots/all/all.go, the list of all bots: the directories of bots whose package has a function
// `Plugin() bots.Plugin`. `go generate ./bots/...` runs it. With -print it prints the list. With -new NAME it writes a new network into
// bots/NAME instead: a copy of the package newnetwork below this directory, under the new name.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	printIt := flag.Bool("print", false, "print the list instead of writing it")
	name := flag.String("new", "", "write a new network with this name into bots/`NAME`")
	flag.Parse()
	if err := run(*printIt, *name); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(printIt bool, name string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	if name == "" {
		return writeList(root, printIt)
	}
	if err := writeNetwork(root, name); err != nil {
		return err
	}
	fmt.Printf("wrote bots/%s; now run: go generate ./bots/... && go test ./bots/%s\n", name, name)
	return nil
}

// moduleRoot finds the directory with go.mod, from the working directory upwards.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod here or above: run this inside of the module")
		}
		dir = up
	}
}
